package shell

import (
	"bufio"
	"os"
	"strings"

	"github.com/peterh/liner"
)

// historyLines is how many entries are read at the start; a file with more than
// twice as many is cut to them.
const historyLines = 1000

// history appends the statements of the interactive shell to a file that only
// its owner can read. Several shells may append to one.
type history struct {
	path string
	last string
}

// openHistory gives the terminal the newest entries of the file.
func openHistory(path string, l *liner.State) *history {
	h := &history{path: path}
	lines, err := readLines(path)
	if err != nil {
		return h
	}
	if len(lines) > 2*historyLines {
		lines = lines[len(lines)-historyLines:]
		// A failure leaves the longer file, which is as good.
		_ = os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600)
	}
	for _, line := range lines[max(len(lines)-historyLines, 0):] {
		l.AppendHistory(line)
		h.last = line
	}
	return h
}

func readLines(path string) ([]string, error) {
	if path == "" {
		return nil, os.ErrNotExist
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var lines []string
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		if line := sc.Text(); line != "" {
			lines = append(lines, line)
		}
	}
	return lines, sc.Err()
}

// add keeps an entry; one equal to the last is not repeated.
func (h *history) add(l *liner.State, entry string) {
	entry = strings.TrimSpace(entry)
	if entry == "" || entry == h.last {
		return
	}
	h.last = entry
	l.AppendHistory(entry)
	if h.path == "" {
		return
	}
	f, err := os.OpenFile(h.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return // a history that cannot be kept must not disturb the work
	}
	_, _ = f.WriteString(entry + "\n")
	_ = f.Close()
}

// addLines keeps the lines of a statement as one entry. Lines with a comment or
// an open quote cannot be joined without changing them and are kept one by one.
func (h *history) addLines(l *liner.State, lines []string) {
	joined := make([]string, len(lines))
	for i, line := range lines {
		if strings.Contains(line, "--") || strings.Count(line, "'")%2 == 1 || strings.Contains(line, "$$") {
			for _, each := range lines {
				h.add(l, each)
			}
			return
		}
		joined[i] = strings.TrimSpace(line)
	}
	h.add(l, strings.Join(joined, " "))
}
