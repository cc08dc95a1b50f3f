package driver

import (
	"context"
	"path/filepath"
	"sync"

	"htapdb/htap"
	"htapdb/sql/sqlstate"
)

// directories are the open databases of this process by path.
var directories = registry{byPath: map[string]*shared{}}

// registry shares engines between connectors.
type registry struct {
	mu     sync.Mutex
	byPath map[string]*shared
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
		s, how, err := r.join(path, n)
		if err != nil {
			return nil, err
		}
		switch how {
		case joinedFirst:
			s.db, s.err = htap.Open(path, n.options...)
			close(s.ready)
			if s.err != nil {
				r.drop(s)
				return nil, s.err
			}
			return s, nil
		case joinedClosing: // open anew afterwards
			select {
			case <-s.gone:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		case joined:
			select {
			case <-s.ready:
			case <-ctx.Done():
				_ = r.release(s)
				return nil, ctx.Err()
			}
			if s.err != nil {
				return nil, s.err
			}
			return s, nil
		}
	}
}

// joining is how join found an entry.
type joining int

const (
	joinedFirst   joining = iota // the caller made it and opens the engine
	joined                       // the caller is one more user
	joinedClosing                // it is closing, the caller is no user
)

// join finds or makes the entry of a path and counts a user, unless it is closing.
func (r *registry) join(path string, n name) (*shared, joining, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.byPath[path]
	if s == nil {
		s = &shared{path: path, options: n.optionText, users: 1, ready: make(chan struct{}), gone: make(chan struct{})}
		r.byPath[path] = s
		return s, joinedFirst, nil
	}
	if s.users == 0 {
		return s, joinedClosing, nil
	}
	if n.optionText != "" && n.optionText != s.options {
		return nil, 0, sqlstate.New(sqlstate.ObjectInUse, "the database in %q is open with other options", path).
			WithDetail("Open with %s, asked for %s.", quoteOptions(s.options), quoteOptions(n.optionText))
	}
	s.users++
	return s, joined, nil
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
	if r.byPath[s.path] == s {
		delete(r.byPath, s.path)
		s.users = 0
		close(s.gone)
	}
}
