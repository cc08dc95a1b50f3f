package rowstore

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"htapdb/internal/vfs"
	"htapdb/rowstore/lock"
	"htapdb/rowstore/mark"
	"htapdb/sql/sqlstate"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
)

// Open opens or creates the store in dir; "" keeps everything in memory. Errors:
// 55006 naming the process that has the directory open, XX001 for damage, 0A000
// for a format newer than this program.
func Open(dir string, opts Options) (*Store, error) {
	inMemory := dir == ""
	if inMemory {
		dir = "memory"
	}
	s := &Store{opts: opts.withDefaults(inMemory), dir: dir, inMemory: inMemory, failed: make(chan struct{})}
	s.seqs.tables = make(map[uint32]*sequence)
	s.locks = lock.NewManager(lock.Options{MaxRowLocks: s.opts.MaxRowLocks, MaxLocks: s.opts.MaxLocks})
	s.removed = vfs.NewRemover(s.opts.FS)
	s.opts.Memory.Force(s.fixedBytes())
	home, err := openDirectory(s.opts.FS, dir)
	if err != nil {
		s.releaseMemory()
		return nil, err
	}
	s.home = home
	if err := s.openFiles(); err != nil {
		_ = home.close()
		s.releaseMemory()
		return nil, err
	}
	if err := s.recover(); err != nil {
		_ = s.db.Close()
		if s.mark != nil {
			s.mark.Abandon()
		}
		_ = home.close()
		s.releaseMemory()
		return nil, err
	}
	s.watchSpace(context.Background())
	s.startBackground()
	return s, nil
}

// openFiles compares the files with their record and opens them. Nothing is
// changed before the comparison.
func (s *Store) openFiles() error {
	if s.inMemory {
		if err := s.home.emptyLoads(); err != nil {
			return err
		}
		return s.openPebble(s.opts.FS)
	}
	x, err := s.examine()
	if err != nil {
		return err
	}
	if x.damaged() {
		if !s.opts.Repair {
			return x.refusal()
		}
		if err := x.repair(); err != nil {
			return err
		}
	}
	if err := s.home.emptyLoads(); err != nil {
		return err
	}
	s.expected, s.passed = x.expected(), x.passed()
	s.mark, err = mark.Open(s.opts.FS, s.dir, s.home.name(dbDir), x.found, x.anew(), mark.Options{State: s.marks.onRecord, Clock: s.opts.Clock, Fail: s.fail})
	if err != nil {
		return s.ioError(err, "opening the record of its files")
	}
	if err := s.openPebble(s.mark); err != nil {
		s.mark.Abandon()
		return err
	}
	s.marks.moved = s.mark.Touch
	s.mark.Start()
	return nil
}

// openPebble opens Pebble on a file system. Where there was a store Pebble must
// not make one.
func (s *Store) openPebble(fs vfs.FS) (err error) {
	o := s.pebbleOptions()
	o.FS = fs
	o.ErrorIfNotExists = !s.home.fresh
	if s.db, err = openGuarded(s.home.name(dbDir), o); err != nil {
		return s.openError(err)
	}
	return nil
}

func (s *Store) startBackground() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.run(ctx, s.opts.AsyncSyncInterval, s.syncAsync)
	s.run(ctx, iterMaxIdle/2, func(context.Context) { s.iters.reap(time.Now()) })
	s.run(ctx, time.Second, s.watchSpace)
	s.startCollector(ctx)
}

// pebbleOptions are fixed except for the sizes.
func (s *Store) pebbleOptions() *pebble.Options {
	o := &pebble.Options{
		Lock:                        nil,
		Comparer:                    comparer,
		FormatMajorVersion:          pebble.FormatTableFormatV6,
		CacheSize:                   s.opts.CacheBytes,
		MemTableSize:                uint64(s.opts.MemTableBytes),
		MemTableStopWritesThreshold: maxMemTables,
		L0CompactionThreshold:       2,
		L0StopWritesThreshold:       1000,
		LBaseMaxBytes:               64 << 20,
		MaxOpenFiles:                4096,
		DisableWAL:                  s.inMemory,
		Logger:                      pebbleLogger{s},
		BlockPropertyCollectors:     []func() pebble.BlockPropertyCollector{newTimeCollector},
		CompactionConcurrencyRange:  func() (int, int) { return 1, max(1, runtime.GOMAXPROCS(0)/2) },
		EventListener: &pebble.EventListener{
			BackgroundError: func(err error) { s.fail(fmt.Errorf("background write: %w", err)) },
			// Left to its default it ends the process; the reader gets the error anyway.
			DataCorruption: func(pebble.DataCorruptionInfo) {},
		},
	}
	for i := range o.Levels {
		o.Levels[i].BlockSize = 32 << 10
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	return o
}

// pebbleLogger drops chatter and turns Pebble's fatal errors into the store's
// failure. Pebble does not expect Fatalf to return.
type pebbleLogger struct{ s *Store }

func (pebbleLogger) Infof(string, ...any)  {}
func (pebbleLogger) Errorf(string, ...any) {}
func (l pebbleLogger) Fatalf(format string, args ...any) {
	err := fmt.Errorf("%w: "+format, append([]any{errPebbleFatal}, args...)...)
	l.s.fail(err)
	panic(err)
}

// recover reads the store's records and finds the newest commit.
func (s *Store) recover() error {
	if err := s.loadIdentity(); err != nil {
		return err
	}
	value, err := s.metaGet(metaKey(metaCeiling))
	if err != nil {
		return err
	}
	ceiling, hint := Timestamp(number(value, 0)), Timestamp(number(value, 1))
	// What a repair gave up was seen: its timestamps are not given out again.
	ceiling = max(ceiling, s.passed)
	s.oracle.clock = s.opts.Clock
	s.oracle.last = ceiling
	s.oracle.ceiling.Store(uint64(ceiling))
	s.oracle.persist = func(c Timestamp) error {
		return s.metaSet(true, metaKey(metaCeiling), numbers(uint64(c), uint64(s.Durable())))
	}
	s.oracle.spawn = s.done.Go
	if s.recovered, err = s.newestRecovered(hint); err != nil {
		return err
	}
	if s.recovered < s.expected {
		return s.endsBefore(s.expected)
	}
	if s.recovered > ceiling {
		return sqlstate.New(sqlstate.DataCorrupted, "row store %q has a commit at %s above its timestamp ceiling %s", s.dir, s.recovered, ceiling)
	}
	if err := s.beginIncarnation(); err != nil {
		return err
	}
	s.marks.start(s.recovered, s.opts.Publisher)
	if err := s.recoverCollector(); err != nil {
		return err
	}
	return s.home.created()
}

// newestRecovered reads the records of loads and returns the newest commit; hint
// is one that was durable when the ceiling was written.
func (s *Store) newestRecovered(hint Timestamp) (Timestamp, error) {
	if err := s.loadLoads(); err != nil {
		return 0, err
	}
	// Of a commit that was collected nothing is left but the horizon above it.
	horizon, err := s.metaGet(metaKey(metaHorizon))
	if err != nil {
		return 0, err
	}
	return s.newestCommit(max(hint, Timestamp(number(horizon, 0))))
}

// newestCommit returns the newest committed timestamp, looking only at blocks
// with versions above hint, up to which the commits are known to be durable.
func (s *Store) newestCommit(hint Timestamp) (Timestamp, error) {
	newest := max(hint, s.loads.newestCommit())
	it, err := s.db.NewIter(&pebble.IterOptions{
		LowerBound:      append(appendHeader(nil, 1, 0), sentinel),
		PointKeyFilters: timeFilter(hint+1, MaxTimestamp),
	})
	if err != nil {
		return 0, s.ioError(err, "looking for the newest commit")
	}
	for ok := it.First(); ok; ok = it.Next() {
		newest = max(newest, keyTimestamp(it.Key()))
	}
	if err := it.Close(); err != nil {
		return 0, s.ioError(err, "looking for the newest commit")
	}
	return newest, nil
}
