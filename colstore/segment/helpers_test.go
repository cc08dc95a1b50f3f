package segment

import (
	"bytes"

	"htapdb/internal/vfs"

	"github.com/zeebo/xxh3"
)

// memFile is a file that keeps what is written.
type memFile struct {
	vfs.File
	bytes.Buffer
}

func (f *memFile) Write(b []byte) (int, error) { return f.Buffer.Write(b) }
func (f *memFile) Close() error                { return nil }
func (f *memFile) Read(b []byte) (int, error)  { return f.Buffer.Read(b) }

func hashOf(b []byte) uint64 { return xxh3.Hash(b) }

// NumColumns returns the number of columns, those of the engine not counted.
func (s *Segment) NumColumns() int { return len(s.columns) }
