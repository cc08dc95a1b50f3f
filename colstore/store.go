package colstore

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"

	"htapdb/colstore/segment"
	"htapdb/internal/memory"
	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"
)

// Options configure a store.
type Options struct {
	// FS holds the files; nil is the operating system's.
	FS vfs.FS
	// Dir is the directory of the store's files, created if it is missing. ""
	// keeps everything in memory: the store is empty at every Open.
	Dir string
	// StoreID identifies the row store and Incarnation its opening; both go into
	// the manifest, and one written beside another store is discarded.
	StoreID     [16]byte
	Incarnation uint64
	// Continues reports whether the row store has exactly the commits up to a
	// position that it had in an incarnation; otherwise that one's manifest is
	// discarded. nil accepts only Incarnation.
	Continues func(incarnation, position uint64) bool
	// DurableTS is the timestamp up to which the row store recovered; a manifest
	// of a later position describes commits that were lost, and is discarded.
	DurableTS uint64
	// Memory is charged with the delta, delete logs and, without a Dir, the
	// segments; nil is unlimited.
	Memory *memory.Account
	// SealRows is the number of rows of a full segment, 2,048 to segment.MaxRows,
	// which 0 stands for.
	SealRows int
	// Horizon returns the oldest timestamp that somebody may still ask a new
	// snapshot for; it is at most the durable timestamp. History before it may be
	// dropped. nil keeps what open snapshots need and no more. It is called by
	// maintenance and must not block.
	Horizon func() uint64
	// Space returns an error while the disk has too little room for another segment;
	// nil is never. It must not block.
	Space func() error
	// OnCorrupt is told of damage after the table has detached itself; it must not block.
	OnCorrupt func(t *Table, err error)
	// OnError is told of background work that failed, such as a segment that could
	// not be written; it is tried again later. It must not block.
	OnError func(t *Table, err error)
}

// Store is the column copy of a database.
type Store struct {
	opts Options
	fs   vfs.FS
	// scratch is fs in a store without a Dir, else nil.
	scratch *vfs.Scratch
	dir     string // "segments" in memory if Options.Dir is ""
	mem     *memory.Account

	// safe is the timestamp that Advance was last called with.
	safe     atomic.Uint64
	waiters  waiters
	position atomic.Uint64
	// recovered is the position that Open found, why says what it threw away.
	recovered uint64
	why       string
	// fileNumber is the newest number that a file was named with.
	fileNumber atomic.Uint64

	kicked  chan struct{}
	stop    chan struct{}
	stopped atomic.Bool
	done    sync.WaitGroup
	// removed takes the files that nobody uses any more.
	removed *vfs.Remover

	// pinned is the position of a checkpoint being written, 0 if there is none:
	// no table's floor may pass it.
	pinned atomic.Uint64

	// maintaining serializes rewrites: the maintenance goroutine's and Maintain's.
	maintaining sync.Mutex
	// checkpointing serializes Checkpoint; it guards provisional, listed and orphans.
	checkpointing sync.Mutex
	provisional   map[*Table]*provisional
	listed        map[string]*sealed // segments that the manifest on disk lists
	// orphans are files of a checkpoint of which it is unknown whether its manifest
	// is the one on disk; the next checkpoint removes them.
	orphans []string

	mu sync.Mutex
	// The fields below are guarded by mu.
	tables map[uint32]*Table
	loads  map[string]*sealed // finished loads that wait for AttachLoad
}

// memoryDir is where segments live in the file system of a store without a Dir.
const memoryDir = "segments"

// Open opens the store. A manifest that does not fit (another store, a position
// beyond DurableTS, damage, a newer format) is not an error: the columns are
// thrown away, RecoveredPosition is 0 and RecoveryReason says why; the feed then
// rebuilds. Errors come from the file system only.
func Open(o Options) (*Store, error) {
	if o.SealRows <= 0 || o.SealRows > segment.MaxRows {
		o.SealRows = segment.MaxRows
	}
	o.SealRows = max(o.SealRows, blockRows)
	s := &Store{
		opts: o, fs: o.FS, dir: o.Dir, mem: o.Memory,
		kicked: make(chan struct{}, 1), stop: make(chan struct{}),
		provisional: map[*Table]*provisional{}, listed: map[string]*sealed{},
		tables: map[uint32]*Table{}, loads: map[string]*sealed{},
	}
	if s.fs == nil {
		s.fs = vfs.Default
	}
	if s.dir == "" {
		// Mapped like files on disk, so that columns larger than the memory give way.
		scratch := vfs.NewScratch(vfs.ScratchOptions{Mapped: true})
		s.fs, s.dir, s.scratch = scratch, memoryDir, scratch
	}
	s.removed = vfs.NewRemover(s.fs)
	if err := s.fs.MkdirAll(s.dir, 0o755); err != nil {
		return nil, ioError(err, "creating %s", s.dir)
	}
	if err := s.syncDir(s.fs.PathDir(s.dir)); err != nil {
		return nil, err
	}
	if err := s.recover(); err != nil {
		return nil, err
	}
	// The maintenance goroutine is stopped and waited for by Close.
	s.done.Go(s.maintenance)
	return s, nil
}

// ioError wraps an error of the file system.
func ioError(err error, format string, args ...any) error {
	code := sqlstate.IOError
	if errors.Is(err, syscall.ENOSPC) {
		code = sqlstate.DiskFull
	}
	return sqlstate.Wrap(code, err, "column store: "+format+": %v", append(args, err)...)
}

// onDisk reports whether files outlive the store.
func (s *Store) onDisk() bool { return s.opts.Dir != "" }

// closed reports whether Close was called.
func (s *Store) closed() bool { return s.stopped.Load() }

// Close stops maintenance, lets waiters go and gives up the tables. Snapshots
// that are still open keep their files mapped until they are closed. What was
// not checkpointed is gone; the feed replays it.
func (s *Store) Close() error {
	if s.stopped.Swap(true) {
		return nil
	}
	close(s.stop)
	s.waiters.wake()
	s.done.Wait()
	s.checkpointing.Lock()
	defer s.checkpointing.Unlock()
	s.mu.Lock()
	tables, loads := s.tables, s.loads
	s.tables, s.loads = map[uint32]*Table{}, map[string]*sealed{}
	s.mu.Unlock()
	for _, t := range tables {
		t.drop()
	}
	for _, l := range loads {
		l.release()
	}
	for _, l := range s.listed {
		l.keep.Store(true)
		l.release()
	}
	s.listed = nil
	s.removed.Close()
	if s.scratch != nil {
		return s.scratch.Close()
	}
	return nil
}

// RecoveredPosition returns the position that Open found on disk: the tables
// hold exactly what was committed at or before it. 0 means that nothing was
// recovered and every table has to be rebuilt.
func (s *Store) RecoveredPosition() uint64 { return s.recovered }

// RecoveryReason says why Open discarded a manifest, or "".
func (s *Store) RecoveryReason() string { return s.why }

// Position returns the position of the manifest on disk, 0 if there is none.
func (s *Store) Position() uint64 { return s.position.Load() }

// CreateTable adds an empty table, in state Building and with floor 0.
// Errors: DuplicateTable, FeatureNotSupported for a type.
func (s *Store) CreateTable(schema TableSchema) (*Table, error) {
	if err := schema.validate(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tables[schema.ID] != nil {
		return nil, sqlstate.New(sqlstate.DuplicateTable, "columns of table %q (%d) exist already", schema.Name, schema.ID)
	}
	t := newTable(s, schema.clone(), nil)
	s.tables[schema.ID] = t
	return t, nil
}

// DropTable removes the table as of ts. Open snapshots stay readable; files go
// when the last user and the manifest have let go of them.
func (s *Store) DropTable(id uint32, ts uint64) {
	s.mu.Lock()
	t := s.tables[id]
	delete(s.tables, id)
	s.mu.Unlock()
	if t != nil {
		raise(&t.floor, ts)
		t.drop()
		s.waiters.wake()
	}
}

// drop empties the table for good.
func (t *Table) drop() {
	t.applyMu.Lock()
	defer t.applyMu.Unlock()
	t.mu.Lock()
	t.dropped = true
	t.state, t.reason = Detached, "dropped"
	t.mu.Unlock()
	t.closed = true
	clear(t.touched)
	v := t.current
	t.install(newVersion(v.schema, v.layout, nil, nil))
}

// Table returns the table with the storage ID.
func (s *Store) Table(id uint32) (*Table, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tables[id]
	return t, ok
}

// Tables returns all tables, in no particular order.
func (s *Store) Tables() []*Table {
	s.mu.Lock()
	defer s.mu.Unlock()
	ts := make([]*Table, 0, len(s.tables))
	for _, t := range s.tables {
		ts = append(ts, t)
	}
	return ts
}

// Advance makes ts safe for every table without a Hold: the feed has handed out
// all events at or before ts, and those of tables without a Hold are applied.
// This is how idle tables keep up for free.
func (s *Store) Advance(ts uint64) {
	raise(&s.safe, ts)
	s.waiters.wake()
}

// nextFile returns a new file name.
func (s *Store) nextFile() string {
	return fmt.Sprintf("%08d.seg", s.fileNumber.Add(1))
}

// path returns where the named file is.
func (s *Store) path(name string) string { return s.fs.PathJoin(s.dir, name) }
