package mark

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"

	"htapdb/internal/vfs"

	"github.com/zeebo/xxh3"
)

// File is what a record knows of one file.
type File struct {
	Name string
	// Size is the length that is durable, and Sum the CRC-32C of that much if
	// Summed; a file may be longer.
	Size   int64
	Sum    uint32
	Summed bool
}

// Record is what a store's files must hold.
type Record struct {
	// Generation counts the records of a store.
	Generation uint64
	// Durable is the timestamp up to which all commits were durable, and Commits
	// their number since the store had its first record.
	Durable, Commits uint64
	// WallMicros is when the record was written, in µs since 1970.
	WallMicros int64
	// Clean says that the store was closed.
	Clean bool
	Files []File
}

const (
	magic   = "HTAPMARK"
	version = 1
	// headLen is the length up to the files, sumLen that of the checksum.
	headLen = 8 + 4 + 4 + 4*8 + 1
	sumLen  = 8
)

// encode returns the record's bytes.
func (r *Record) encode() []byte {
	le := binary.LittleEndian
	b := append([]byte(magic), make([]byte, 8)...)
	le.PutUint32(b[8:], version)
	for _, x := range []uint64{r.Generation, r.Durable, r.Commits, uint64(r.WallMicros)} {
		b = le.AppendUint64(b, x)
	}
	b = append(b, flag(r.Clean))
	b = binary.AppendUvarint(b, uint64(len(r.Files)))
	for _, f := range r.Files {
		b = binary.AppendUvarint(b, uint64(len(f.Name)))
		b = append(b, f.Name...)
		b = binary.AppendUvarint(b, uint64(f.Size))
		b = le.AppendUint32(b, f.Sum)
		b = append(b, flag(f.Summed))
	}
	le.PutUint32(b[12:], uint32(len(b)+sumLen))
	return le.AppendUint64(b, xxh3.Hash(b))
}

func flag(on bool) byte {
	if on {
		return 1
	}
	return 0
}

// decode reads a record; nil if it is not whole. What follows it is the rest of
// a longer one.
func decode(b []byte) *Record {
	le := binary.LittleEndian
	if len(b) < headLen+sumLen || string(b[:8]) != magic || le.Uint32(b[8:]) != version {
		return nil
	}
	n := int(le.Uint32(b[12:]))
	if n < headLen+sumLen || n > len(b) || le.Uint64(b[n-sumLen:]) != xxh3.Hash(b[:n-sumLen]) {
		return nil
	}
	r := &Record{Generation: le.Uint64(b[16:]), Durable: le.Uint64(b[24:]), Commits: le.Uint64(b[32:]), WallMicros: int64(le.Uint64(b[40:])), Clean: b[48] == 1}
	d := decoder{b: b[headLen : n-sumLen]}
	for left := d.num(); left > 0 && !d.bad; left-- {
		f := File{Name: string(d.take(d.num())), Size: int64(d.num())}
		if sum := d.take(5); len(sum) == 5 {
			f.Sum, f.Summed = le.Uint32(sum), sum[4] == 1
		}
		r.Files = append(r.Files, f)
	}
	if d.bad || len(d.b) > 0 {
		return nil
	}
	return r
}

// decoder reads the parts of a record's list; after a failure it returns zeros.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) num() uint64 {
	x, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return x
}

func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return nil
	}
	part := d.b[:n]
	d.b = d.b[n:]
	return part
}

// maxRecord bounds what is read of a slot.
const maxRecord = 1 << 24

// slotNames are where the records of the store in dir are.
func slotNames(fsys vfs.FS, dir string) [2]string {
	base := fsys.PathJoin(fsys.PathDir(dir), fsys.PathBase(dir)+".mark.")
	return [2]string{base + "0", base + "1"}
}

// Found is what Read finds.
type Found struct {
	// Newest is the record that counts and Previous the one before; nil for none.
	Newest, Previous *Record
	// Files are the files that are there.
	Files []string
}

// Read reads the records of the store in dir.
func Read(fsys vfs.FS, dir string) (f Found, err error) {
	for _, name := range slotNames(fsys, dir) {
		b, err := readAll(fsys, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Found{}, err
		}
		f.Files = append(f.Files, name)
		switch r := decode(b); {
		case r == nil:
		case f.Newest == nil || r.Generation > f.Newest.Generation:
			f.Newest, f.Previous = r, f.Newest
		default:
			f.Previous = r
		}
	}
	return f, nil
}

func readAll(fsys vfs.FS, name string) ([]byte, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxRecord))
}
