package mark

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"

	"htapdb/internal/vfs"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Damage is a file that does not hold what the record says.
type Damage struct {
	File
	// Missing, Short and Changed are what it can be: not there, shorter than what
	// is known to be durable, or with other bytes in that part.
	Missing, Short, Changed bool
	// HasBytes is the length of a file that is too short.
	HasBytes int64
}

// String says what is wrong with the file.
func (d Damage) String() string {
	switch {
	case d.Missing:
		return fmt.Sprintf("file %s is missing", d.Name)
	case d.Short:
		return fmt.Sprintf("file %s has %d bytes instead of at least %d", d.Name, d.HasBytes, d.Size)
	}
	return fmt.Sprintf("file %s has other content in its first %d bytes than was written", d.Name, d.Size)
}

// Check compares the files in dir with the record and changes nothing.
func Check(fsys vfs.FS, dir string, r *Record) (damages []Damage, err error) {
	for _, f := range r.Files {
		d := Damage{File: f}
		if err := d.compare(fsys, fsys.PathJoin(dir, f.Name)); err != nil {
			return nil, err
		}
		if d.Missing || d.Short || d.Changed {
			damages = append(damages, d)
		}
	}
	return damages, nil
}

func (d *Damage) compare(fsys vfs.FS, path string) error {
	file, err := fsys.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		d.Missing = true
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if d.HasBytes = info.Size(); d.HasBytes < d.Size {
		d.Short = true
		return nil
	}
	if !d.Summed {
		return nil
	}
	sum := crc32.New(castagnoli)
	if n, err := io.CopyN(sum, file, d.Size); err != nil && n != d.Size {
		return err
	}
	d.Changed = sum.Sum32() != d.Sum
	return nil
}
