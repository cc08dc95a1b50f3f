package rowstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"htapdb/internal/vfs"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
)

// tableSuffix ends the names of Pebble's sorted files.
const tableSuffix = ".sst"

// Scrubbed is what a scrub has read.
type Scrubbed struct {
	// Files and Bytes count the sorted files and their sizes.
	Files int
	Bytes int64
	// Problems name the damaged files, with the first damaged block of each.
	Problems []string
}

// Scrub reads every block of the sorted files of the store in dir and compares it
// with its checksum. A comparison of rows reads the newest versions only, so
// damage to older versions, to indexes and filters would wait for the compaction
// that comes by. It changes nothing, and compacts nothing: a compaction that
// reads a damaged block can end the process. A store that Examine finds damaged
// is not for it.
//
// Errors: 55006 while a process has the store open; 57014; those of reading.
func Scrub(ctx context.Context, dir string, opts Options) (*Scrubbed, error) {
	s := &Store{opts: opts.withDefaults(false), dir: dir, failed: make(chan struct{})}
	home, err := openDirectory(s.opts.FS, dir)
	if err != nil {
		return nil, err
	}
	defer home.close()
	s.home = home
	out := &Scrubbed{}
	if home.fresh {
		return out, nil
	}
	sizes, err := s.sortedFiles()
	if err != nil {
		out.Problems = append(out.Problems, firstLine(err))
		return out, nil
	}
	o := s.pebbleOptions()
	o.EnsureDefaults()
	for _, number := range slices.Sorted(maps.Keys(sizes)) {
		if ctx.Err() != nil {
			return nil, contextError(ctx)
		}
		name := fmt.Sprintf("%06d%s", number, tableSuffix)
		if err := scrubFile(ctx, s.opts.FS, s.opts.FS.PathJoin(home.name(dbDir), name), o.MakeReaderOptions()); err != nil {
			if !pebble.IsCorruptionError(err) {
				return nil, s.ioError(err, "reading "+name)
			}
			out.Problems = append(out.Problems, fmt.Sprintf("file %s: %s", name, firstLine(err)))
		}
		out.Files++
		out.Bytes += int64(sizes[number])
	}
	return out, nil
}

// sortedFiles returns the sizes of the sorted files that the store is made of, by
// their numbers. A store that lacks one does not open.
func (s *Store) sortedFiles() (map[uint64]uint64, error) {
	if err := s.openReadOnly(s.opts.FS); err != nil {
		return nil, err
	}
	levels, err := s.db.SSTables()
	if closeErr := s.db.Close(); err == nil {
		err = closeErr
	}
	sizes := map[uint64]uint64{}
	for _, level := range levels {
		for _, f := range level {
			sizes[uint64(f.BackingSSTNum)] += f.Size
		}
	}
	return sizes, err
}

// scrubFile reads all blocks of one file.
func scrubFile(ctx context.Context, fs vfs.FS, path string, o sstable.ReaderOptions) (err error) {
	f, err := fs.Open(path)
	if err != nil {
		return err
	}
	readable, err := sstable.NewSimpleReadable(f)
	if err != nil {
		_ = f.Close()
		return err
	}
	defer func() {
		if p := recover(); p != nil { // a length or an offset that cannot be
			err = pebble.ErrCorruption
		}
	}()
	r, err := sstable.NewReader(ctx, readable, o)
	if err != nil {
		return err // the reader has closed the file
	}
	defer r.Close()
	return r.ValidateBlockChecksums()
}

// openReadOnly opens Pebble to look: nothing is written, no compaction starts,
// and what Pebble would end the process for is an error.
func (s *Store) openReadOnly(fs vfs.FS) (err error) {
	o := s.pebbleOptions()
	o.FS = fs
	o.ReadOnly, o.ErrorIfNotExists = true, true
	o.Logger, o.EventListener = lookLogger{}, nil
	s.db, err = openGuarded(s.home.name(dbDir), o)
	return err
}

// firstLine is an error's text without the details that Pebble adds in lines of their own.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.TrimPrefix(line, "pebble: ")
}
