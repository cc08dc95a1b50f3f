package olap

import (
	"sync/atomic"

	"htapdb/sql/types"
	"htapdb/vector"
)

// UnionAll yields the rows of all inputs, which have equal types. Their order is
// that of the inputs only with one worker.
type UnionAll struct {
	List []Node
}

// Types returns the first input's.
func (u *UnionAll) Types() []types.Type { return u.List[0].Types() }

// Inputs returns the inputs.
func (u *UnionAll) Inputs() []Node { return u.List }

// Name returns "Append".
func (u *UnionAll) Name() string { return "Append" }

func (u *UnionAll) compile(r *run) (*stream, error) {
	src := &unionSource{}
	for _, n := range u.List {
		s, err := n.compile(r)
		if err != nil {
			return nil, err
		}
		src.parts = append(src.parts, s)
	}
	return newStream(u, src), nil
}

// unionSource reads streams one after the other. Each worker reads all of them.
type unionSource struct {
	parts []*stream
	// barrier, if set, makes the last part the business of the one worker that
	// is last to finish the parts before it (the unmatched rows of a join).
	barrier bool
	readers atomic.Int64
}

func (u *unionSource) open(r *run) error {
	for _, p := range u.parts {
		if err := p.prepare(r); err != nil {
			return err
		}
	}
	return nil
}

func (u *unionSource) parallel() int {
	n := 1
	for i, p := range u.parts {
		if !(u.barrier && i == len(u.parts)-1) {
			n = max(n, p.parallel())
		}
	}
	return n
}

func (u *unionSource) rows() int64 {
	var sum int64
	for _, p := range u.parts {
		n := p.src.rows()
		if n < 0 || p.expands {
			return -1
		}
		sum += n
	}
	return sum
}

func (u *unionSource) reader(w *worker) (reader, error) {
	rd := &unionReader{src: u, chains: make([]*chain, len(u.parts))}
	u.readers.Add(1)
	for i, p := range u.parts {
		if w.id >= p.parallel() && !u.last(i) {
			continue
		}
		c, err := p.newChain(w)
		if err != nil {
			rd.close()
			return nil, err
		}
		rd.chains[i] = c
	}
	return rd, nil
}

// last reports whether part i is behind the barrier.
func (u *unionSource) last(i int) bool { return u.barrier && i == len(u.parts)-1 }

type unionReader struct {
	src    *unionSource
	chains []*chain
	at     int
}

func (u *unionReader) next() (*vector.Batch, bool, error) {
	for u.at < len(u.chains) {
		if c := u.chains[u.at]; c != nil {
			b, ok, err := c.next()
			if err != nil || ok {
				return b, ok, err
			}
		}
		u.at++
		if u.src.last(u.at) && u.src.readers.Add(-1) > 0 {
			u.at++
		}
	}
	return nil, false, nil
}

func (u *unionReader) close() {
	for _, c := range u.chains {
		if c != nil {
			c.close()
		}
	}
}

// emptySource has no rows: it replaces a source that need not be read.
type emptySource struct{}

func (emptySource) open(*run) error                    { return nil }
func (emptySource) parallel() int                      { return 1 }
func (emptySource) rows() int64                        { return 0 }
func (emptySource) reader(*worker) (reader, error)     { return emptySource{}, nil }
func (emptySource) next() (*vector.Batch, bool, error) { return nil, false, nil }
func (emptySource) close()                             {}
