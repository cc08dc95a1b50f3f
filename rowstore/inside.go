package rowstore

import (
	"fmt"

	"htapdb/internal/vfs"

	"github.com/cockroachdb/pebble/v2"
	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
)

// inside is what a look into a store finds without changing it.
type inside struct {
	id     [16]byte
	newest Timestamp
	// since is the number of commits, as far as versions tell, after the record
	// before the newest one.
	since int
}

// look opens the store read-only, as a repair would leave it, and closes it.
func (x *Examination) look() (in *inside, err error) {
	if x.plan.hopeless != nil {
		return nil, x.plan.hopeless
	}
	s := &Store{opts: x.store.opts, dir: x.store.dir, home: x.store.home, failed: make(chan struct{})}
	if err := s.openReadOnly(x.plan.view(s.opts.FS, s.home.name(dbDir))); err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errPebblePanic, p)
		}
		if closeErr := s.db.Close(); err == nil {
			err = closeErr
		}
	}()
	if err := s.loadIdentity(); err != nil {
		return nil, err
	}
	value, err := s.metaGet(metaKey(metaCeiling))
	if err != nil {
		return nil, err
	}
	in = &inside{id: s.uuid}
	if in.newest, err = s.newestRecovered(Timestamp(number(value, 1))); err != nil {
		return nil, err
	}
	if before := x.found.Previous; before != nil {
		in.since, err = s.commitsBetween(Timestamp(before.Durable), x.Marked)
	}
	return in, err
}

// commitsBetween counts the timestamps in (after, upTo] of which versions are left.
func (s *Store) commitsBetween(after, upTo Timestamp) (int, error) {
	seen := map[Timestamp]bool{}
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: append(appendHeader(nil, 1, 0), sentinel), PointKeyFilters: timeFilter(after+1, MaxTimestamp)})
	if err != nil {
		return 0, err
	}
	for ok := it.First(); ok; ok = it.Next() {
		if ts := keyTimestamp(it.Key()); ts > after && ts <= upTo {
			seen[ts] = true
		}
	}
	return len(seen), it.Close()
}

// lookLogger is Pebble's logger while it only reads: what it would end the
// process for is an error of the look.
type lookLogger struct{}

// Infof implements pebble.Logger.
func (lookLogger) Infof(string, ...any) {}

// Errorf implements pebble.Logger.
func (lookLogger) Errorf(string, ...any) {}

// Fatalf implements pebble.Logger.
func (lookLogger) Fatalf(format string, args ...any) { panic(fmt.Errorf(format, args...)) }

// repaired is a directory as a repair would leave it: without what it sets aside and
// with what it writes.
type repaired struct {
	vfs.FS
	dir  string
	plan *repairPlan
	// written holds what the repair would write.
	written vfs.FS
}

// List implements vfs.FS.
func (v *repaired) List(dir string) ([]string, error) {
	names, err := v.FS.List(dir)
	if err != nil || dir != v.dir {
		return names, err
	}
	var out []string
	for _, name := range names {
		if _, replaced := v.plan.written[name]; !v.plan.setsAside(name) && !replaced {
			out = append(out, name)
		}
	}
	for name := range v.plan.written {
		out = append(out, name)
	}
	return out, nil
}

// Open implements vfs.FS.
func (v *repaired) Open(name string, opts ...pebblevfs.OpenOption) (vfs.File, error) {
	if _, ok := v.plan.written[v.PathBase(name)]; ok && v.PathDir(name) == v.dir {
		return v.written.Open(v.PathBase(name))
	}
	return v.FS.Open(name, opts...)
}

// Stat implements vfs.FS.
func (v *repaired) Stat(name string) (pebblevfs.FileInfo, error) {
	if _, ok := v.plan.written[v.PathBase(name)]; ok && v.PathDir(name) == v.dir {
		return v.written.Stat(v.PathBase(name))
	}
	return v.FS.Stat(name)
}

// Unwrap implements vfs.FS.
func (v *repaired) Unwrap() vfs.FS { return v.FS }
