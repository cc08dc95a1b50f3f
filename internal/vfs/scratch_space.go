package vfs

import (
	"io/fs"
	"math"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// pageSize is the unit in which content is in memory or in the temporary file.
// Pebble writes blocks of about 32 KiB; at 64 KiB a database of 100 GB has 1.6
// million pages (50 MB of page entries), and the file 20,000 writes a second at
// 1.3 GB/s.
const pageSize = 64 << 10

// space is where the pages of a Scratch are.
type space struct {
	opts ScratchOptions
	// held is the memory of pages and tails, filed the bytes of the temporary file
	// that are in use.
	held, filed atomic.Int64

	mu sync.Mutex
	// file is nil until a page goes there.
	file *os.File
	// end is where the file ends, and slots are the free pages before that.
	end    int64
	slots  []int64
	closed bool
}

// grew counts memory of a tail, which is not refused: there is at most one for
// each file, and it is of a page at most.
func (s *space) grew(bytes int) { s.held.Add(int64(bytes)) }

// inMemory says that the pages of the file count like those in memory.
func (s *space) inMemory() bool { return s.opts.Memory != nil && !temporaryOnDisk() }

// store takes a full page: it keeps the buffer, or writes it to the file.
func (s *space) store(full []byte) (page, error) {
	most := s.opts.MemoryBytes
	fits := most == 0 || s.held.Load() <= most
	if fits && (s.opts.Memory == nil || s.opts.Memory.Reserve(pageSize) == nil) {
		return page{mem: full}, nil
	}
	at, file, err := s.slot()
	if err != nil {
		return page{}, err
	}
	if file == nil {
		if s.opts.Memory != nil {
			s.opts.Memory.Force(pageSize)
		}
		return page{mem: full}, nil
	}
	if _, err := file.WriteAt(full, at); err != nil {
		s.mu.Lock()
		s.slots = append(s.slots, at)
		s.mu.Unlock()
		return page{}, err
	}
	s.filed.Add(pageSize)
	if s.inMemory() {
		s.opts.Memory.Force(pageSize)
	}
	return page{at: at}, nil
}

// slot takes a page of the file, which it makes if there is none. Where none can
// be made, file is nil: then there is only the memory.
func (s *space) slot() (int64, *os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, nil, fs.ErrClosed
	}
	if s.file == nil {
		f, err := temporaryFile()
		if err != nil {
			return 0, nil, nil
		}
		s.file = f
	}
	if n := len(s.slots); n > 0 {
		at := s.slots[n-1]
		s.slots = s.slots[:n-1]
		return at, s.file, nil
	}
	s.end += pageSize
	return s.end - pageSize, s.file, nil
}

// free gives pages and a tail back.
func (s *space) free(pages []page, tail int) {
	s.held.Add(-int64(tail))
	var slots []int64
	for _, p := range pages {
		if p.mem == nil {
			slots = append(slots, p.at)
			continue
		}
		s.held.Add(-pageSize)
		if s.opts.Memory != nil {
			s.opts.Memory.Release(pageSize)
		}
	}
	if len(slots) == 0 {
		return
	}
	s.filed.Add(-int64(len(slots)) * pageSize)
	if s.inMemory() {
		s.opts.Memory.Release(int64(len(slots)) * pageSize)
	}
	slices.Sort(slots)
	s.mu.Lock()
	file := s.file
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.mu.Unlock()
	// What was never written back never will be.
	for i := 0; i < len(slots); {
		n := 1
		for i+n < len(slots) && slots[i+n] == slots[i]+int64(n)*pageSize {
			n++
		}
		punch(file, slots[i], int64(n)*pageSize)
		i += n
	}
	slices.Reverse(slots) // the lowest is taken first
	s.mu.Lock()
	s.slots = append(s.slots, slots...)
	s.mu.Unlock()
}

func (s *space) handle() (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fs.ErrClosed
	}
	return s.file, nil
}

func (s *space) readAt(p []byte, at int64) (int, error) {
	f, err := s.handle()
	if err != nil {
		return 0, err
	}
	return f.ReadAt(p, at)
}

func (s *space) writeAt(p []byte, at int64) (int, error) {
	f, err := s.handle()
	if err != nil {
		return 0, err
	}
	return f.WriteAt(p, at)
}

// usage tells what may be written.
func (s *space) usage() (vfs.DiskUsage, error) {
	used := s.held.Load() + s.filed.Load()
	if s.opts.MemoryBytes == 0 && s.opts.Memory == nil {
		return vfs.DiskUsage{AvailBytes: math.MaxInt64, TotalBytes: math.MaxInt64, UsedBytes: uint64(used)}, nil
	}
	disk, err := vfs.Default.GetDiskUsage(temporaryDir())
	if err != nil {
		return vfs.DiskUsage{}, err
	}
	avail := int64(min(disk.AvailBytes, math.MaxInt64))
	if s.inMemory() {
		avail = min(avail, s.opts.Memory.Available())
	}
	if most := s.opts.FileBytes; most > 0 {
		avail = min(avail, max(most-s.filed.Load(), 0))
	}
	return vfs.DiskUsage{AvailBytes: uint64(avail), TotalBytes: uint64(avail + used), UsedBytes: uint64(used)}, nil
}

// close frees everything.
func (s *space) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.file == nil {
		return nil
	}
	return closeTemporary(s.file)
}
