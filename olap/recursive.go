package olap

import (
	"htapdb/sql/types"
	"htapdb/vector"
)

// RecursiveUnion is WITH RECURSIVE: the rows of Initial, then those of Step over
// the rows that were new in the round before, until a round adds none.
type RecursiveUnion struct {
	// Initial and Step have equal types; Step reads Table.
	Initial, Step Node
	// Table stands for the rows of the round before, anywhere in Step.
	Table *WorkTable
	// All keeps duplicates (UNION ALL); otherwise a row that has been yielded
	// before is dropped, and does not take part in the next round.
	All bool
}

// Types returns Initial's.
func (u *RecursiveUnion) Types() []types.Type { return u.Initial.Types() }

// Inputs returns Initial and Step.
func (u *RecursiveUnion) Inputs() []Node { return []Node{u.Initial, u.Step} }

// Name returns "Recursive Union".
func (u *RecursiveUnion) Name() string { return "Recursive Union" }

// WorkTable yields, in the Step of a RecursiveUnion, the new rows of the round before.
type WorkTable struct {
	// Columns are the types of the RecursiveUnion.
	Columns []types.Type
	// Label names the common table expression for EXPLAIN.
	Label string
}

// Types returns Columns.
func (w *WorkTable) Types() []types.Type { return w.Columns }

// Inputs returns nil.
func (w *WorkTable) Inputs() []Node { return nil }

// Name returns "WorkTable Scan".
func (w *WorkTable) Name() string { return "WorkTable Scan" }

func (w *WorkTable) compile(r *run) (*stream, error) {
	src := &bufferSource{width: len(w.Columns)}
	src.fill = func(r *run) error { src.buf = r.workTables[w]; return nil }
	return newStream(w, src), nil
}

func (u *RecursiveUnion) compile(r *run) (*stream, error) {
	src := &recursionSource{node: u}
	src.width = len(u.Types())
	src.fill = func(r *run) error {
		if src.pulled {
			src.buf, src.rounds = newRowBuffer(u.Types(), r.newTrack(u)), u.start(r)
			return nil
		}
		var err error
		src.buf, err = u.compute(r)
		return err
	}
	return newStream(u, src), nil
}

// recursionSource yields the rows of a RecursiveUnion. All rounds run before the
// first row comes out, in parallel where that pays, unless the source is pulled.
type recursionSource struct {
	bufferSource
	node *RecursiveUnion
	// pulled says that a round runs when the rows of the one before have been
	// read, on the reader's goroutine: who stops reading ends the recursion.
	pulled bool
	rounds *recursion
}

func (s *recursionSource) rows() int64 {
	if s.pulled {
		return -1
	}
	return s.bufferSource.rows()
}

func (s *recursionSource) parallel() int {
	if s.pulled {
		return 1
	}
	return s.bufferSource.parallel()
}

func (s *recursionSource) reader(w *worker) (reader, error) {
	rows := &bufferReader{src: &s.bufferSource, out: emptyBatch(s.width)}
	if !s.pulled {
		return rows, nil
	}
	return &roundReader{rows: rows, src: s}, nil
}

// roundReader reads the rows of a round, and then runs the next.
type roundReader struct {
	rows  *bufferReader
	src   *recursionSource
	ended bool
}

func (p *roundReader) next() (*vector.Batch, bool, error) {
	for !p.ended {
		b, ok, err := p.rows.next()
		if ok || err != nil {
			return b, ok, err
		}
		if err := p.src.rounds.r.check(); err != nil {
			return nil, false, err
		}
		if p.ended, err = p.src.rounds.inline(); err != nil {
			return nil, false, err
		}
		p.src.buf = p.src.rounds.newest
		p.src.bufferSource.next.Store(0)
	}
	return nil, false, nil
}

func (p *roundReader) close() { p.src.rounds.close() }

// pull makes the recursions at the stream's source yield their rows round by
// round, because the rest may not be wanted. It takes one worker: rounds run on
// the thread of who asks for rows.
func (s *stream) pull() {
	switch src := s.src.(type) {
	case *recursionSource:
		src.pulled, s.sequential = true, true
	case *unionSource:
		for _, p := range src.parts {
			p.pull()
			s.sequential = s.sequential || p.sequential
		}
	}
}

// start readies an execution of the rounds.
func (u *RecursiveUnion) start(r *run) *recursion {
	if r.workTables == nil {
		r.workTables = map[*WorkTable]*rowBuffer{}
	}
	x := &recursion{r: r, node: u, next: u.Initial, outer: r.mem, dependent: u.dependent(u.Step)}
	if !u.All {
		x.seen = newGroupTable(u.Types(), r.newTrack(u))
	}
	return x
}

// compute runs all rounds. Step is compiled anew for each, since streams are
// used once; what it materializes independently of the work table is kept.
func (u *RecursiveUnion) compute(r *run) (*rowBuffer, error) {
	x := u.start(r)
	defer x.close()
	all := newRowBuffer(u.Types(), r.newTrack(u))
	for {
		if err := r.check(); err != nil {
			return nil, err
		}
		if done, err := x.round(); done || err != nil {
			return all, err
		}
		if err := appendBuffer(all, x.newest); err != nil {
			return nil, err
		}
	}
}

// recursion is one execution of a RecursiveUnion.
type recursion struct {
	r    *run
	node *RecursiveUnion
	// next is what the next round runs, newest the rows of the one before, which
	// are the work table.
	next      Node
	newest    *rowBuffer
	seen      *groupTable
	dependent []*Materialize
	// outer is the run's tracker, last that of the round that filled the work
	// table: the hash tables of a round end with it.
	outer, last *tracker
}

func (x *recursion) close() {
	x.r.mem = x.outer
	delete(x.r.workTables, x.node.Table)
	if x.last != nil {
		x.last.releaseAll()
	}
	if x.seen != nil {
		x.seen.release()
	}
}

// inline is round without the pool, whose worker may be the one that asks.
func (x *recursion) inline() (done bool, err error) {
	r := x.r
	scheduled, workers := r.scheduled, r.workers
	r.scheduled, r.workers = false, 1
	defer func() { r.scheduled, r.workers = scheduled, workers }()
	return x.round()
}

// round runs the next round and makes its new rows the work table; done says
// that there are none.
func (x *recursion) round() (done bool, err error) {
	r, mine, opened := x.r, &tracker{account: x.outer.account}, len(x.r.scanners)
	r.mem = mine
	defer func() {
		r.mem = x.outer
		if x.last != nil {
			x.last.releaseAll()
		}
		x.last = mine
	}()
	s, err := x.next.compile(r)
	if err != nil {
		return false, err
	}
	x.next = x.node.Step
	rows, err := r.collect(s, x.node, x.node.Types())
	if err != nil {
		return false, err
	}
	// The rows are copies: nothing points into the scans any more.
	r.closeScanners(opened)
	if rows, err = x.fresh(rows); err != nil {
		return false, err
	}
	if err := x.keepShared(mine); err != nil || rows.rows == 0 {
		return true, err
	}
	r.workTables[x.node.Table], x.newest = rows, rows
	return false, nil
}

// keepShared forgets what was materialized from the work table, and accounts
// for the rest beyond the round.
func (x *recursion) keepShared(round *tracker) error {
	for _, m := range x.dependent {
		delete(x.r.shared, m)
	}
	for m, state := range x.r.shared {
		if state.buf == nil || state.buf.mem.t != round {
			continue
		}
		k := track{t: x.outer, who: m}
		if err := k.add(state.buf.mem.used); err != nil {
			return err
		}
		state.buf.mem = k
	}
	return nil
}

// dependent returns the Materialize nodes below n that read the work table. Each
// node is looked at once, however many ways lead to it.
func (u *RecursiveUnion) dependent(n Node) []*Materialize {
	var out []*Materialize
	known := map[Node]bool{}
	var reads func(Node) bool
	reads = func(n Node) bool {
		if r, ok := known[n]; ok {
			return r
		}
		r := n == Node(u.Table)
		for _, in := range n.Inputs() {
			r = reads(in) || r
		}
		known[n] = r
		if m, ok := n.(*Materialize); ok && r {
			out = append(out, m)
		}
		return r
	}
	reads(n)
	return out
}

// fresh returns the rows of a round that seen has not; all of them without seen.
func (x *recursion) fresh(round *rowBuffer) (*rowBuffer, error) {
	seen := x.seen
	if seen == nil || round.rows == 0 {
		return round, nil
	}
	before := seen.groups
	var hashes []uint64
	ids := make([]uint32, vector.MaxBatch)
	err := round.batches(func(cols []*vector.Vector, n int) error {
		hashes = hashRows(cols, nil, n, hashes)
		return seen.find(cols, nil, n, hashes, ids)
	})
	round.release()
	if err != nil {
		return nil, err
	}
	out := newRowBuffer(x.node.Types(), x.r.newTrack(x.node))
	cols := emptyBatch(len(out.cols)).Cols
	for from := before; from < seen.groups; from += vector.MaxBatch {
		to := min(from+vector.MaxBatch, seen.groups)
		seen.keys.slice(cols, from, to)
		if err := out.append(cols, nil, to-from); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// batches calls f with the rows of b in pieces of at most a batch.
func (b *rowBuffer) batches(f func(cols []*vector.Vector, n int) error) error {
	cols := emptyBatch(len(b.cols)).Cols
	for from := 0; from < b.rows; from += vector.MaxBatch {
		to := min(from+vector.MaxBatch, b.rows)
		b.slice(cols, from, to)
		if err := f(cols, to-from); err != nil {
			return err
		}
	}
	return nil
}

// appendBuffer adds the rows of o, which stays as it is.
func appendBuffer(b, o *rowBuffer) error {
	return o.batches(func(cols []*vector.Vector, n int) error { return b.append(cols, nil, n) })
}
