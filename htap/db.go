package htap

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/htap/feed"
	"htapdb/htap/model"
	"htapdb/htap/setting"
	"htapdb/internal/fileaccess"
	"htapdb/internal/memory"
	"htapdb/internal/vfs"
	"htapdb/olap"
	"htapdb/rowstore"
	"htapdb/sql/sqlstate"
	"htapdb/vector"
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	cfg config
	dir string
	// engine is the stores.
	engine   exec.Engine
	pool     *olap.Pool
	memory   *memory.Account
	queries  *memory.Account
	started  time.Time
	counts   counters
	models   *lru[modelKey, *model.Bound]
	plans    planCache
	channels channels
	// settings are what sessions begin with.
	settings *setting.Values
	// uncompiled makes every write take the general path, for tests that compare
	// the two. It does not change while there are sessions.
	uncompiled bool

	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	sessions map[*Session]struct{}
	closed   bool
	// working counts what uses the stores: see begin.
	working sync.WaitGroup
	nextID  atomic.Uint64
}

// Open opens or creates the database in dir; "" or ":memory:" keeps nothing.
// Another process that has it open is an error that names it (55006).
func Open(dir string, options ...Option) (*DB, error) {
	cfg := defaultConfig()
	for _, o := range options {
		o(&cfg)
	}
	if dir == ":memory:" {
		dir = ""
	}
	db := &DB{cfg: cfg, dir: dir, started: time.Now(), sessions: map[*Session]struct{}{}}
	if err := db.configure(); err != nil {
		return nil, err
	}
	db.ctx, db.cancel = context.WithCancel(context.Background())
	db.memory = memory.NewRoot(cfg.memoryLimit)
	db.queries = db.memory.Child("queries", 0)
	db.plans = newPlanCache(db.memory.Child("plans", cfg.part(64, 1<<20, 64<<20)))
	db.models = newModelCache(db.memory.Child("models", cfg.part(32, 4<<20, 1<<30)))
	if err := db.open(); err != nil {
		db.cancel()
		return nil, err
	}
	return db, nil
}

// configure makes the settings that sessions begin with, and those of the process.
func (db *DB) configure() (err error) {
	db.settings, err = setting.Defaults().With(setting.SynchronousCommit.Setting, onOff(db.cfg.syncCommit))
	if err != nil || db.cfg.simd == "" {
		return err
	}
	if _, err := setting.SIMD.Parse(db.cfg.simd); err != nil {
		return err
	}
	return vector.SetSIMD(db.cfg.simd)
}

// rowDir and columnDir are the stores' folders.
const (
	rowDir    = "rows"
	columnDir = "columns"
)

// open opens the stores and connects them.
func (db *DB) open() error {
	rowPath, columnPath := "", ""
	if db.dir != "" {
		db.cfg.files.Data = db.Path()
		if err := db.cfg.files.Check(); err != nil {
			return err
		}
		if err := vfs.MakeDirs(db.cfg.fs, db.dir); err != nil {
			return fileaccess.Error(db.dir, err)
		}
		rowPath, columnPath = db.cfg.fs.PathJoin(db.dir, rowDir), db.cfg.fs.PathJoin(db.dir, columnDir)
	}
	db.engine.Feed = feed.New(feed.Options{FS: db.cfg.fs, Dir: columnPath, Memory: db.memory.Child("columns", 0),
		QueueBytes: db.cfg.part(16, 4<<20, 256<<20), CheckpointInterval: db.cfg.checkpointInterval, Log: db.cfg.log})
	ro := db.cfg.rowOptions()
	ro.Publisher, ro.OnFatal, ro.Memory = db.engine.Feed, db.fatal, db.memory.Child("rows", 0)
	if rowPath != "" {
		ro.FS, ro.Repair, ro.Witness = db.cfg.fs, db.cfg.repair, witness(db.cfg.fs, columnPath)
	}
	var err error
	if db.engine.Rows, err = rowstore.Open(rowPath, ro); err != nil {
		return err
	}
	if db.engine.Catalog, err = catalog.New(db.engine.Rows); err != nil {
		db.engine.Rows.Close()
		return err
	}
	if err := db.engine.Feed.Start(db.ctx, db.engine.Rows, db.engine.Catalog); err != nil {
		db.engine.Rows.Close()
		return err
	}
	db.pool = olap.NewPool(db.cfg.workers)
	return nil
}

// fatal is told that commits can no longer be made durable.
func (db *DB) fatal(err error) {
	db.cfg.log.Error("the database cannot write its log", "error", err)
	if db.cfg.onFatal != nil {
		db.cfg.onFatal(err)
		return
	}
	os.Stderr.WriteString("htapdb: fatal: " + err.Error() + "\n")
	os.Exit(1)
}

// Dir returns the database's directory, "" for one in memory.
func (db *DB) Dir() string { return db.dir }

// Path returns the directory as an absolute path, for registries and messages.
func (db *DB) Path() string {
	if p, err := filepath.Abs(db.dir); err == nil && db.dir != "" {
		return p
	}
	return db.dir
}

// Checkpoint writes the columns to disk as of all commits so far, so that the
// next Open need not read them again.
func (db *DB) Checkpoint(ctx context.Context) error {
	if err := db.begin(); err != nil {
		return err
	}
	defer db.working.Done()
	return db.checkpoint(ctx)
}

func (db *DB) checkpoint(ctx context.Context) error {
	db.engine.Rows.Sync()
	db.engine.Feed.CatchUp()
	return db.engine.Feed.Checkpoint(ctx)
}

// Close cancels what sessions run and waits for it, writes a checkpoint and
// closes the stores. Open transactions are rolled back; results that are being
// read end with 57P01. Sessions stay their owners' to close. Closing twice does
// nothing.
func (db *DB) Close() error {
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		return nil
	}
	db.closed = true
	db.mu.Unlock()
	// Sessions are not touched: each belongs to its goroutine. What is left of
	// their transactions is in memory.
	db.cancel()
	db.working.Wait()
	err := db.checkpoint(context.Background())
	db.engine.Feed.Stop()
	db.pool.Close()
	if e := db.engine.Feed.Columns().Close(); err == nil {
		err = e
	}
	if e := db.engine.Rows.Close(); err == nil {
		err = e
	}
	return err
}

// begin registers a use of the stores, such as a running statement: the database
// does not close before working.Done has been called for it. Calls nest.
func (db *DB) begin() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return sqlstate.New(sqlstate.AdminShutdown, "the database is closed")
	}
	db.working.Add(1)
	return nil
}

// TuneRuntime sets the Go runtime for a process whose main work is the
// database, as the server does: spare Ps so that analytic threads do not delay
// sockets, and a memory limit for the collector: a quarter above the engine's, for
// what no account sees and what is not collected yet.
func (db *DB) TuneRuntime() {
	runtime.GOMAXPROCS(runtime.NumCPU() + db.cfg.workers)
	// Pebble's block cache is outside of Go's heap where there is cgo.
	debug.SetMemoryLimit(db.cfg.memoryLimit + db.cfg.memoryLimit/4 - db.cfg.rowOptions().CacheBytes)
}
