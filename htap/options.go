package htap

import (
	"log/slog"
	"runtime"
	"time"

	"htapdb/internal/fileaccess"
	"htapdb/internal/memory"
	"htapdb/internal/vfs"
)

// Option configures Open.
type Option func(*config)

// config is what Options set.
type config struct {
	memoryLimit        int64
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
