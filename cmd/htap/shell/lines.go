package shell

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// fileLines reads a script line by line.
type fileLines struct {
	r    *bufio.Reader
	name string
	no   int
}

func newFileLines(r io.Reader, name string) *fileLines {
	return &fileLines{r: bufio.NewReaderSize(r, 64<<10), name: name}
}

// next returns the next line without its end, io.EOF after the last.
func (f *fileLines) next() (string, error) {
	line, err := f.r.ReadString('\n')
	if err == io.EOF && line != "" {
		err = nil
	}
	if err != nil {
		return "", err
	}
	if f.no++; f.no == 1 {
		line = strings.TrimPrefix(line, "\ufeff")
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// place is the script's name and the line, for errors.
func (f *fileLines) place() string { return fmt.Sprintf("%s:%d: ", f.name, f.no) }

// data implements source: the lines that follow up to \., as a script has them.
func (f *fileLines) data() io.Reader { return &inlineData{next: f.next} }

// source is where a feeder's lines come from.
type source interface {
	// place goes before an error's message.
	place() string
	// data is what a COPY FROM STDIN reads.
	data() io.Reader
}

// inlineData implements io.Reader over lines up to one with \. alone.
type inlineData struct {
	next func() (string, error)
	rest []byte
	done bool
}

// Read implements io.Reader.
func (d *inlineData) Read(p []byte) (int, error) {
	for len(d.rest) == 0 {
		if d.done {
			return 0, io.EOF
		}
		line, err := d.next()
		if err == io.EOF || err == nil && line == `\.` {
			d.done = true
			continue
		}
		if err != nil {
			return 0, err
		}
		d.rest = append(append(d.rest[:0], line...), '\n')
	}
	n := copy(p, d.rest)
	d.rest = d.rest[n:]
	return n, nil
}
