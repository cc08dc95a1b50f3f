package driver

import (
	"context"
	"path/filepath"
	"sync"

	"htapdb/htap"
	"htapdb/sql/sqlstate"
)

// directories are the open databases of this process by path.
var directories = registry{open_: map[string]*shared{}}

// registry shares engines between connectors.
type registry struct {
	mu    sync.Mutex
	open_ map[string]*shared
}

// shared is one open directory.
type shared struct {
	path string
	// options is the text of the options that it was opened with.
	options string
	// ready is closed when db or err is set; gone when it has been closed.
	ready, gone chan struct{}
	db          *htap.DB
	err         error
	// users counts connectors, guarded by registry.mu; none may join at zero.
	users int
}

// canonical returns the one path of a directory.
func canonical(dir string) (string, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return "", sqlstate.Wrap(sqlstate.IOError, err, "directory %q: %v", dir, err)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return path, nil
}

// open returns the directory's engine with one more user.
func (r *registry) open(ctx context.Context, n name) (*shared, error) {
	path, err := canonical(n.dir)
	if err != nil {
		return nil, err
	}
	for {
		s, first, err := r.join(path, n)
		if err != nil {
			return nil, err
		}
		if first {
			s.db, s.err = htap.Open(path, n.options...)
			close(s.ready)
			if s.err != nil {
				r.drop(s)
				return nil, s.err
			}
			return s, nil
		}
		wait := s.ready
		if s.users == 0 {
			wait = s.gone // it is closing: open anew afterwards
		}
		select {
		case <-wait:
		case <-ctx.Done():
			if wait == s.ready {
				_ = r.release(s)
			}
			return nil, ctx.Err()
		}
		if wait == s.gone {
			continue
		}
		if s.err != nil {
			return nil, s.err
		}
		return s, nil
	}
}

// join finds or makes the entry of a path and counts a user, unless it is closing.
func (r *registry) join(path string, n name) (s *shared, first bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s = r.open_[path]
	if s == nil {
		s = &shared{path: path, options: n.optionText, users: 1, ready: make(chan struct{}), gone: make(chan struct{})}
		r.open_[path] = s
		return s, true, nil
	}
	if s.users == 0 {
		return &shared{gone: s.gone}, false, nil
	}
	if n.optionText != "" && n.optionText != s.options {
		return nil, false, sqlstate.New(sqlstate.ObjectInUse, "the database in %q is open with other options", path).
			WithDetail("Open with %s, asked for %s.", quoteOptions(s.options), quoteOptions(n.optionText))
	}
	s.users++
	return s, false, nil
}

// quoteOptions shows options in a message.
func quoteOptions(text string) string {
	if text == "" {
		return "none"
	}
	return "?" + text
}

// release drops a user; the last one closes the engine.
func (r *registry) release(s *shared) error {
	r.mu.Lock()
	s.users--
	last := s.users == 0
	r.mu.Unlock()
	if !last {
		return nil
	}
	<-s.ready
	var err error
	if s.err == nil {
		err = s.db.Close()
	}
	r.drop(s)
	return err
}

// drop forgets an entry that is closed or failed to open.
func (r *registry) drop(s *shared) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open_[s.path] == s {
		delete(r.open_, s.path)
		s.users = 0
		close(s.gone)
	}
}
