package segment

import (
	"encoding/binary"
	"errors"
	"syscall"

	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"

	"github.com/zeebo/xxh3"
)

// diskCategory labels the writes in the file system's metrics.
const diskCategory = "column-segment"

// Write stores in under the name path and returns once it is durable: written
// under path+".tmp", synced, renamed, and the directory synced. An existing file
// is replaced. Errors: ProgramLimitExceeded for more rows or bytes than a
// segment holds, IOError (DiskFull) from the file system; InternalError for an
// input that breaks the rules of Input.
func Write(fs vfs.FS, path string, in Input) (Stats, error) {
	if err := in.check(); err != nil {
		return Stats{}, err
	}
	tmp := path + ".tmp"
	file, err := fs.Create(tmp, diskCategory)
	if err != nil {
		return Stats{}, ioError(err, "creating", tmp)
	}
	w := writer{file: file, path: tmp, in: &in}
	err = w.writeAll()
	if err == nil {
		if err = file.Sync(); err != nil {
			err = ioError(err, "syncing", tmp)
		}
	}
	if cerr := file.Close(); err == nil && cerr != nil {
		err = ioError(cerr, "closing", tmp)
	}
	if err == nil {
		err = publish(fs, tmp, path)
	}
	if err != nil {
		// The write's error is what matters; a left-over temporary file is
		// removed at the next open of the store.
		_ = fs.Remove(tmp)
		_ = fs.Remove(path) // it is there if its directory could not be synced
		return Stats{}, err
	}
	return w.stats, nil
}

// publish renames the complete file and syncs its directory.
func publish(fs vfs.FS, tmp, path string) error {
	if err := fs.Rename(tmp, path); err != nil {
		return ioError(err, "renaming", tmp)
	}
	dir, err := fs.OpenDir(fs.PathDir(path))
	if err != nil {
		return ioError(err, "opening the directory of", path)
	}
	err = dir.Sync()
	if cerr := dir.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return ioError(err, "syncing the directory of", path)
	}
	return nil
}

func ioError(err error, doing, path string) error {
	code := sqlstate.IOError
	if errors.Is(err, syscall.ENOSPC) {
		code = sqlstate.DiskFull
	}
	return sqlstate.Wrap(code, err, "%s segment %s: %v", doing, path, err)
}

// check reports what Write cannot store.
func (in *Input) check() error {
	if in.Rows < 0 || in.Rows > MaxRows {
		return sqlstate.New(sqlstate.ProgramLimitExceeded, "a segment of %d rows: the limit is %d", in.Rows, MaxRows)
	}
	seen := make(map[uint32]bool, len(in.Columns))
	for _, c := range in.Columns {
		switch {
		case c.ID >= ReservedID || seen[c.ID]:
			return sqlstate.New(sqlstate.InternalError, "segment column ID %d is reserved or used twice", c.ID)
		case c.Data.Len != in.Rows || c.Data.Enc == vector.Dict:
			return sqlstate.New(sqlstate.InternalError, "segment column %d: %d rows of encoding %d, expected %d flat rows", c.ID, c.Data.Len, c.Data.Enc, in.Rows)
		case c.Data.Type.Physical() == types.PhysNone:
			return sqlstate.New(sqlstate.FeatureNotSupported, "storing columns of type %s", c.Data.Type)
		}
		seen[c.ID] = true
	}
	for _, ids := range [...][]uint64{in.RowIDs, in.Begin, in.Prev} {
		if ids != nil && len(ids) != in.Rows {
			return sqlstate.New(sqlstate.InternalError, "segment system column of %d rows, expected %d", len(ids), in.Rows)
		}
	}
	return nil
}

// writer writes one file from front to back.
type writer struct {
	file    vfs.File
	path    string
	in      *Input
	at      int64 // bytes written
	buf     []byte
	entries []entry
	stats   Stats
	enc     encoder
}

func (w *writer) writeAll() error {
	in := w.in
	h := header{rows: uint64(in.Rows), minTs: in.MinTs, maxTs: in.MaxTs, firstRowID: in.FirstRowID}
	if in.Provisional {
		h.flags |= flagProvisional
	}
	head := h.append(nil)
	// A vfs.File may change what it is given to write; the footer needs head again.
	if err := w.write(h.append(nil)); err != nil {
		return err
	}
	for _, c := range in.Columns {
		e, err := w.enc.column(c.ID, c.Data, w.buf[:0])
		if err != nil {
			return err
		}
		if err := w.writeChunk(e); err != nil {
			return err
		}
		w.stats.Columns = append(w.stats.Columns, ColumnStats{ID: c.ID, Encoding: e.enc, Lane: e.lane, Bytes: e.length})
	}
	if err := w.writeSystem(); err != nil {
		return err
	}
	if err := w.writeFooter(head); err != nil {
		return err
	}
	w.stats.Bytes = w.at
	return nil
}

// writeSystem writes the columns that the engine adds, those that are needed.
func (w *writer) writeSystem() error {
	write := func(id uint32, values []uint64) error {
		if values == nil || len(values) == 0 {
			return nil
		}
		return w.writeChunk(w.enc.unsigned(id, values, w.buf[:0]))
	}
	if err := write(idRowIDs, w.in.RowIDs); err != nil {
		return err
	}
	if err := write(idRowOrder, rowOrder(w.in.RowIDs)); err != nil {
		return err
	}
	if err := write(idBegin, w.in.Begin); err != nil {
		return err
	}
	return write(idPrev, w.in.Prev)
}

// writeChunk writes the chunk that the encoder left in its buffer.
func (w *writer) writeChunk(e entry) error {
	w.buf = pad(w.enc.buf)
	e.offset, e.length, e.sum = w.at, int64(len(w.buf)), xxh3.Hash(w.buf)
	w.entries = append(w.entries, e)
	return w.write(w.buf)
}

func (w *writer) writeFooter(head []byte) error {
	le := binary.LittleEndian
	footer := le.AppendUint64(nil, xxh3.Hash(head))
	footer = le.AppendUint32(footer, uint32(len(w.entries)))
	for i := range w.entries {
		footer = w.entries[i].append(footer)
	}
	size, sum := len(footer), xxh3.Hash(footer)
	footer = le.AppendUint64(footer, uint64(w.at))
	footer = le.AppendUint32(footer, uint32(size))
	footer = le.AppendUint32(footer, formatVersion)
	footer = le.AppendUint64(footer, sum)
	return w.write(append(footer, footerMagic...))
}

func (w *writer) write(b []byte) error {
	n, err := w.file.Write(b)
	w.at += int64(n)
	if err != nil {
		return ioError(err, "writing", w.path)
	}
	return nil
}
