package mark

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"htapdb/internal/vfs"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
)

// Interval is the least time between two records that nobody waits for; with
// the time that writing one takes, a sync is on record within 100 ms.
const Interval = 80 * time.Millisecond

// Options configure Open.
type Options struct {
	// State returns the timestamp up to which all commits are durable and how many
	// there were since Open. It must not block.
	State func() (durable, commits uint64)
	// Clock returns the wall time in µs since 1970.
	Clock func() int64
	// Fail is told once that a record could not be written. It must not block.
	Fail func(error)
}

// Keeper writes the records of one store. It is the file system that Pebble is
// opened on: see the package comment.
//
// Lock order: writing, then mu. Neither is held while Pebble is called.
type Keeper struct {
	vfs.FS
	dir  string
	opts Options

	// writing serializes records; it guards slots, last and base.
	writing sync.Mutex
	slots   [2]vfs.File
	last    Record
	base    uint64 // commits before Open
	broken  error

	mu sync.Mutex
	// files are the followed files in the directory; guarded by mu.
	files map[string]*entry

	// changed is set when there is more to record; kick wakes the writer.
	changed atomic.Bool
	kick    chan struct{}
	stop    chan struct{}
	stopped sync.Once
	done    sync.WaitGroup
}

// entry is what is known of a file; Keeper.mu guards it.
type entry struct {
	File
	// named is set when a sync of the directory has covered the name.
	named bool
}

// Open begins to keep the record of the store in dir, whose Pebble files are in
// files; found is what Read returned, with a Newest that Check found right, or
// that is to be replaced if anew. Only then, or if there is none, it writes a
// record before it returns: a store that cannot be opened stays as it is. Start
// has to follow, or Abandon.
func Open(fsys vfs.FS, dir, files string, found Found, anew bool, o Options) (*Keeper, error) {
	k := &Keeper{FS: fsys, dir: files, opts: o, files: map[string]*entry{}, kick: make(chan struct{}, 1), stop: make(chan struct{})}
	known := map[string]File{}
	if r := found.Newest; r != nil {
		k.last.Generation, k.base = r.Generation, r.Commits
		if !anew {
			k.last.Durable = r.Durable
			for _, f := range r.Files {
				known[f.Name] = f
			}
		}
	}
	if err := k.begin(known); err != nil {
		return nil, err
	}
	for i, name := range slotNames(fsys, dir) {
		file, err := fsys.OpenReadWrite(name, category)
		if err == nil {
			k.slots[i] = file
			continue
		}
		k.closeSlots()
		return nil, err
	}
	err := vfs.SyncDir(fsys, fsys.PathDir(dir))
	if err == nil && (anew || found.Newest == nil) {
		err = k.Write()
	}
	if err != nil {
		k.closeSlots()
		return nil, err
	}
	return k, nil
}

// Start begins to write records of what becomes durable. Pebble is open.
func (k *Keeper) Start() { k.done.Go(k.run) } // ends with Stop, which waits

// Abandon closes the files of the records; there is no store to keep one of.
func (k *Keeper) Abandon() {
	k.Stop()
	k.closeSlots()
}

// category labels the records' writes in the file system's metrics.
const category = "mark"

// begin lists what is in the directory. Names that a killed process left may not
// be durable yet: they are made so.
func (k *Keeper) begin(known map[string]File) error {
	names, err := k.FS.List(k.dir)
	if err != nil {
		return nil // Pebble makes it
	}
	if err := vfs.SyncDir(k.FS, k.dir); err != nil {
		return err
	}
	for _, name := range names {
		if !listable(name) {
			continue
		}
		f, ok := known[name]
		if !ok {
			f = File{Name: name}
		}
		k.files[name] = &entry{File: f, named: true}
	}
	return nil
}

// followed reports whether what is written to files of that name is followed:
// all but those that the manifest lists and the lock.
func followed(name string) bool {
	return !strings.HasSuffix(name, ".sst") && !strings.HasSuffix(name, ".blob") && name != "LOCK"
}

// listable reports whether records list files of that name: not temporary ones,
// which get another.
func listable(name string) bool { return followed(name) && !strings.HasSuffix(name, ".dbtmp") }

// run is the writer's goroutine.
func (k *Keeper) run() {
	for {
		select {
		case <-k.stop:
			return
		case <-k.kick:
		}
		if k.Write() != nil {
			return // Fail was told
		}
		select {
		case <-k.stop:
			return
		case <-time.After(Interval):
		}
	}
}

// Touch asks for a record, which is written soon. It does not block. Syncs of the
// files ask for one themselves; but the timestamp of what they made durable is
// known only after they return, so that a record may be too early for it.
func (k *Keeper) Touch() {
	if k.changed.Swap(true) {
		return
	}
	select {
	case k.kick <- struct{}{}:
	default:
	}
}

// Write writes a record of what is durable now and returns when it is.
func (k *Keeper) Write() error { return k.write(false) }

func (k *Keeper) write(clean bool) error {
	k.writing.Lock()
	defer k.writing.Unlock()
	if k.broken != nil {
		return k.broken
	}
	k.changed.Store(false)
	// The commits first: what is durable then, the syncs below have covered.
	durable, commits := k.opts.State()
	r := Record{Generation: k.last.Generation + 1, Durable: max(durable, k.last.Durable), Commits: k.base + commits, WallMicros: k.opts.Clock(), Clean: clean}
	k.mu.Lock()
	for _, e := range k.files {
		if e.named && listable(e.Name) {
			r.Files = append(r.Files, e.File)
		}
	}
	k.mu.Unlock()
	slot := k.slots[r.Generation%2]
	_, err := slot.WriteAt(r.encode(), 0)
	if err == nil {
		err = slot.SyncData()
	}
	if err != nil {
		// What the disk has now is unknown: nothing listed may be removed any more.
		k.broken = fmt.Errorf("writing the record of the store's files: %w", err)
		k.opts.Fail(k.broken)
		return k.broken
	}
	k.last = r
	return nil
}

// Stop ends the writer's goroutine; records are still written before listed
// files are removed.
func (k *Keeper) Stop() {
	k.stopped.Do(func() { close(k.stop) })
	k.done.Wait()
}

// Close writes the last record, that of a closed store if clean, and closes the
// files. Pebble must be closed.
func (k *Keeper) Close(clean bool) error {
	k.Stop()
	err := k.write(clean)
	k.closeSlots()
	return err
}

func (k *Keeper) closeSlots() {
	for _, s := range k.slots {
		if s != nil {
			_ = s.Close() // what was written is synced
		}
	}
}

// forget is called before a file loses its name or its content: it returns when
// no record lists the file.
func (k *Keeper) forget(path string) error {
	if k.FS.PathDir(path) != k.dir {
		return nil
	}
	name := k.FS.PathBase(path)
	k.mu.Lock()
	e := k.files[name]
	delete(k.files, name)
	k.mu.Unlock()
	if e == nil || !e.named || !listable(name) {
		return nil
	}
	return k.Write()
}

// appear enters a new file, with what is known of its content.
func (k *Keeper) appear(path string, content File) *entry {
	content.Name = k.FS.PathBase(path)
	name := content.Name
	if k.FS.PathDir(path) != k.dir || !followed(name) {
		return nil
	}
	e := &entry{File: content}
	k.mu.Lock()
	k.files[name] = e
	k.mu.Unlock()
	return e
}

// Create implements vfs.FS.
func (k *Keeper) Create(name string, c pebblevfs.DiskWriteCategory) (vfs.File, error) {
	if err := k.forget(name); err != nil {
		return nil, err
	}
	f, err := k.FS.Create(name, c)
	return k.follow(f, name, err)
}

// ReuseForWrite implements vfs.FS.
func (k *Keeper) ReuseForWrite(oldname, newname string, c pebblevfs.DiskWriteCategory) (vfs.File, error) {
	for _, name := range []string{oldname, newname} {
		if err := k.forget(name); err != nil {
			return nil, err
		}
	}
	f, err := k.FS.ReuseForWrite(oldname, newname, c)
	return k.follow(f, newname, err)
}

// follow returns a file just made such that what is written to it is known.
func (k *Keeper) follow(f vfs.File, name string, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	e := k.appear(name, File{})
	if e == nil {
		return f, nil
	}
	return &file{File: f, keeper: k, entry: e}, nil
}

// Rename implements vfs.FS.
func (k *Keeper) Rename(oldname, newname string) error {
	var content File
	k.mu.Lock()
	if e := k.files[k.FS.PathBase(oldname)]; e != nil && k.FS.PathDir(oldname) == k.dir {
		content = e.File
	}
	k.mu.Unlock()
	for _, name := range []string{oldname, newname} {
		if err := k.forget(name); err != nil {
			return err
		}
	}
	if err := k.FS.Rename(oldname, newname); err != nil {
		return err
	}
	k.appear(newname, content)
	return nil
}

// Link implements vfs.FS.
func (k *Keeper) Link(oldname, newname string) error {
	if err := k.FS.Link(oldname, newname); err != nil {
		return err
	}
	k.appear(newname, File{})
	return nil
}

// Remove implements vfs.FS.
func (k *Keeper) Remove(name string) error {
	if err := k.forget(name); err != nil {
		return err
	}
	return k.FS.Remove(name)
}

// OpenDir implements vfs.FS.
func (k *Keeper) OpenDir(name string) (vfs.File, error) {
	f, err := k.FS.OpenDir(name)
	if err != nil || name != k.dir {
		return f, err
	}
	return &directory{File: f, keeper: k}, nil
}

// Unwrap implements vfs.FS.
func (k *Keeper) Unwrap() vfs.FS { return k.FS }
