package htap

import (
	"log/slog"
	"runtime"
	"time"

	"htapdb/internal/fileaccess"
	"htapdb/internal/memory"
	"htapdb/internal/vfs"
	"htapdb/rowstore"
)

// part is a part of the memory limit within bounds.
func (c *config) part(divisor, least, most int64) int64 {
	return min(max(c.memoryLimit/divisor, least), most)
}

// rowOptions are the sizes of the row store. What it takes whatever is done, the
// cache and four memtables, is at most three sixteenths of the limit.
func (c *config) rowOptions() rowstore.Options {
	return rowstore.Options{
		CacheBytes: c.part(8, 1<<20, 1<<30), MemTableBytes: c.part(64, 1<<20, 32<<20),
		MaxWriteSetBytes: c.part(8, 8<<20, 256<<20), LoadBufferBytes: c.part(16, 4<<20, 64<<20),
		ScratchBytes: c.part(8, 1<<20, 4<<30), TempBytes: c.tempLimit,
	}
}

// Option configures Open.
type Option func(*config)

// config is what Options set.
type config struct {
	memoryLimit        int64
	tempLimit          int64
	workers            int
	syncCommit         bool
	simd               string
	files              fileAccess
	onFatal            func(error)
	log                *slog.Logger
	fs                 vfs.FS
	checkpointInterval time.Duration
	repair             bool
}

// defaultConfig is a database of the embedding program: half of the machine's
// memory, durable commits, free access to files.
func defaultConfig() config {
	return config{
		memoryLimit: memory.DefaultLimit(), workers: runtime.NumCPU(), syncCommit: true,
		files: fileAccess{fileaccess.Policy{Free: true}}, log: slog.New(slog.DiscardHandler), fs: vfs.Default,
	}
}

// WithMemoryLimit bounds the memory of columns, queries and caches together, in
// bytes; the default is half of what the machine has, or the tightest of the
// cgroups that the process is in.
func WithMemoryLimit(bytes int64) Option { return func(c *config) { c.memoryLimit = bytes } }

// WithTempLimit bounds the temporary file that a database in memory has for the
// rows that are beyond its share of the memory, in bytes; writes are refused
// (53100) when less than 128 MiB of it are left. 0, the default, is what the disk
// has. The file is in TMPDIR, else in /tmp or, where that is memory, /var/tmp.
func WithTempLimit(bytes int64) Option { return func(c *config) { c.tempLimit = bytes } }

// WithWorkers sets the number of analytic worker threads; the default is the
// number of CPUs.
func WithWorkers(n int) Option { return func(c *config) { c.workers = max(n, 1) } }

// WithSynchronousCommit sets the default of synchronous_commit: whether a commit
// waits until it survives a power loss. The default is true.
func WithSynchronousCommit(on bool) Option { return func(c *config) { c.syncCommit = on } }

// WithSIMD sets the instructions that the kernels of the process use, every
// database in it: "auto" (default), "go", "avx2" or "avx512". A session sees the
// level as htap.simd and cannot change it.
func WithSIMD(level string) Option { return func(c *config) { c.simd = level } }

// WithFiles restricts COPY and file tables to files below dir; an empty dir
// forbids all files. Without this option an embedded database may touch any file.
// The folder and the database's directory must not lie in each other.
func WithFiles(dir string) Option {
	return func(c *config) { c.files = fileAccess{fileaccess.Policy{Dir: dir}} }
}

// WithOnFatal has fn called once when the log cannot be written: from then on
// the database refuses to commit, and the program should end. Without it the
// process exits with status 1, rather than acknowledge what may be lost.
func WithOnFatal(fn func(error)) Option { return func(c *config) { c.onFatal = fn } }

// WithLogger sets where the engine reports what has no session to go to.
func WithLogger(l *slog.Logger) Option { return func(c *config) { c.log = l } }

// WithFS sets the file system of all durable data, for tests of crashes.
func WithFS(fs vfs.FS) Option { return func(c *config) { c.fs = fs } }

// WithCheckpointInterval sets how often the columns are checkpointed while
// there are changes; the default is 30 s.
func WithCheckpointInterval(d time.Duration) Option {
	return func(c *config) { c.checkpointInterval = d }
}
