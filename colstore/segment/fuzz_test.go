package segment

import (
	"math/rand/v2"
	"testing"

	"htapdb/internal/vfs"
	"htapdb/vector"
)

// FuzzOpen opens arbitrary bytes, with the checksums made right as far as they
// can be found, and reads all that opens: errors are fine, panics are not.
func FuzzOpen(f *testing.F) {
	fs := vfs.NewMem()
	if _, err := Write(fs, "seed.seg", sampleInput(rand.New(rand.NewPCG(1, 2)), 30)); err != nil {
		f.Fatal(err)
	}
	f.Add(content(f, fs, "seed.seg"))
	if _, err := Write(fs, "seed.seg", Input{}); err != nil {
		f.Fatal(err)
	}
	f.Add(content(f, fs, "seed.seg"))
	f.Fuzz(func(t *testing.T, data []byte) {
		fs := vfs.NewMem()
		store(t, fs, "f.seg", repair(data))
		s, err := Open(fs, "f.seg")
		if err != nil {
			return
		}
		defer s.Release()
		n := min(s.NumRows(), 300)
		v, ids := &vector.Vector{}, make([]uint64, n)
		for _, from := range []int{0, s.NumRows() - n} {
			s.RowIDs(from, ids)
			s.Begins(from, ids)
			s.Prevs(from, ids)
			for i := range s.NumColumns() {
				if c := s.Column(i); c.Read(from, n, nil, v) == nil {
					for k := range n {
						v.Datum(k)
					}
				}
				s.Column(i).Sum(from, n, nil)
				s.Column(i).Sketch()
			}
		}
		s.FindRowID(1003)
		s.Verify()
	})
}

// repair sets the checksums of header and footer, so that damage gets past them.
func repair(data []byte) []byte {
	if len(data) < headerSize+trailerSize {
		return data
	}
	le := func(at int, x uint64) {
		for i := range 8 {
			data[at+i] = byte(x >> (8 * i))
		}
	}
	le(headerSize-8, hashOf(data[:headerSize-8]))
	trailer := len(data) - trailerSize
	at := 0
	for i := range 4 {
		at |= int(data[trailer+i]) << (8 * i)
	}
	if at < headerSize || at+12 > trailer {
		return data
	}
	le(at, hashOf(data[:headerSize]))
	le(trailer+16, hashOf(data[at:trailer]))
	return data
}
