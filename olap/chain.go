package olap

import (
	"errors"
	"time"

	"htapdb/vector"
)

// errEnd is how an operator ends its pipeline's input: nothing more is needed.
var errEnd = errors.New("olap: end of input")

// worker is the identity of one task of a pipeline. Operators, readers and
// local sinks belong to one worker and are used by one goroutine at a time.
type worker struct {
	r *run
	// id counts the workers of the pipeline from 0.
	id int
}

// operator is one worker's instance of a non-blocking operator.
type operator interface {
	// process makes the next output batch of in, which has rows. more asks to be
	// called again with the same batch. out may be nil or empty; it is valid
	// until the next call. errEnd, possibly with a last out, ends the input.
	process(in *vector.Batch) (out *vector.Batch, more bool, err error)
}

// operatorSpec is the part of an operator that the workers share.
type operatorSpec interface {
	// prepare does what has to be finished before the pipeline's source opens,
	// such as building a join's hash table. errEnd says that no row can come out
	// of it, so that what is below need not run.
	prepare(r *run) error
	// operator makes a worker's instance.
	operator(w *worker) (operator, error)
}

// reader yields the batches of a pipeline's source to one worker.
type reader interface {
	// next returns the next batch, ok false at the end. A nil or empty batch with
	// ok says that there is none yet; the caller looks at the clock and calls again.
	next() (b *vector.Batch, ok bool, err error)
	close()
}

// source is where a pipeline begins.
type source interface {
	// open readies the source, after the pipeline's operators have been
	// prepared. Blocking operators run their input here.
	open(r *run) error
	// parallel is how many readers can be of use, at least 1. It is 1 if the order matters.
	parallel() int
	// rows is the number of rows if it is known exactly after open, else −1.
	rows() int64
	// reader makes the reader of worker w; all are made before any is used.
	reader(w *worker) (reader, error)
}

// stream is a pipeline under construction: a source and the operators above it.
type stream struct {
	src   source
	nodes []Node // the nodes of src and ops, for profiles
	ops   []operatorSpec
	// expands says that an operator may yield many more rows than it is fed.
	expands bool
	// sequential says that an operator needs all rows in one worker.
	sequential bool

	// What nodes and ops begin in: most pipelines are short.
	firstNodes [4]Node
	firstOps   [3]operatorSpec
}

func newStream(n Node, src source) *stream {
	s := &stream{src: src}
	s.nodes = append(s.firstNodes[:0], n)
	s.ops = s.firstOps[:0]
	return s
}

// then appends an operator.
func (s *stream) then(n Node, op operatorSpec) *stream {
	s.nodes = append(s.nodes, n)
	s.ops = append(s.ops, op)
	return s
}

// parallel is how many workers the stream can have.
func (s *stream) parallel() int {
	if s.sequential {
		return 1
	}
	return s.src.parallel()
}

// prepare readies the operators and then opens the source.
func (s *stream) prepare(r *run) error {
	for i := len(s.ops) - 1; i >= 0; i-- {
		err := s.ops[i].prepare(r)
		if err == errEnd {
			s.src, s.ops, s.nodes = emptySource{}, s.ops[i+1:], s.nodes[i+1:]
			break
		}
		if err != nil {
			return err
		}
	}
	return s.src.open(r)
}

// small reports that the pipeline is not worth scheduling, after prepare.
func (s *stream) small(r *run) bool {
	n := s.src.rows()
	return n >= 0 && float64(n) <= r.inlineRows && !s.expands
}

// chain is one worker's instance of a stream: a reader over its last operator's output.
type chain struct {
	r   *run
	src reader
	ops []operator
	// pending[i] is the batch for which ops[i] has more output; the batches of
	// operators below it stay valid, as those are not called before it is nil.
	pending []*vector.Batch
	depth   int // number of leading elements of pending that may be set
	ended   bool
	prof    []*nodeCounters // of the source, then of each operator; nil without a profile

	firstOps     [3]operator
	firstPending [3]*vector.Batch
}

// newChain makes w's instance of s.
func (s *stream) newChain(w *worker) (*chain, error) {
	src, err := s.src.reader(w)
	if err != nil {
		return nil, err
	}
	c := &chain{r: w.r, src: src}
	c.ops, c.pending = c.firstOps[:0], c.firstPending[:0]
	for range s.ops {
		c.ops, c.pending = append(c.ops, nil), append(c.pending, nil)
	}
	for i, spec := range s.ops {
		if c.ops[i], err = spec.operator(w); err != nil {
			src.close()
			return nil, err
		}
	}
	if p := w.r.ex.Profile; p != nil {
		for _, n := range s.nodes {
			c.prof = append(c.prof, p.counters(n))
			c.prof[len(c.prof)-1].raiseWorkers(w.id + 1)
		}
	}
	return c, nil
}

func (c *chain) close() { c.src.close() }

// next takes one batch as far as it gets.
func (c *chain) next() (*vector.Batch, bool, error) {
	if err := c.r.check(); err != nil {
		return nil, false, err
	}
	var b *vector.Batch
	i := 0
	for ; c.depth > 0; c.depth-- {
		if b = c.pending[c.depth-1]; b != nil {
			i = c.depth - 1
			break
		}
	}
	if b == nil {
		if c.ended {
			return nil, false, nil
		}
		var ok bool
		var err error
		if b, ok, err = c.read(); err != nil || !ok {
			return nil, false, err
		}
	}
	for ; i < len(c.ops); i++ {
		if b == nil || b.Rows() == 0 {
			return nil, true, nil
		}
		out, more, err := c.apply(i, b)
		c.pending[i] = nil
		if more {
			c.pending[i] = b
			c.depth = i + 1
		}
		if err == errEnd {
			c.end(i)
		} else if err != nil {
			return nil, false, err
		}
		b = out
	}
	return b, true, nil
}

// end drops all input of operator i that has not been processed.
func (c *chain) end(i int) {
	c.ended = true
	for k := 0; k <= i; k++ {
		c.pending[k] = nil
	}
}

// read takes a batch from the source.
func (c *chain) read() (*vector.Batch, bool, error) {
	if c.prof == nil {
		return c.src.next()
	}
	start := time.Now()
	b, ok, err := c.src.next()
	c.prof[0].count(b, time.Since(start))
	return b, ok, err
}

// apply runs operator i.
func (c *chain) apply(i int, b *vector.Batch) (*vector.Batch, bool, error) {
	if c.prof == nil {
		return c.ops[i].process(b)
	}
	start := time.Now()
	out, more, err := c.ops[i].process(b)
	c.prof[i+1].count(out, time.Since(start))
	return out, more, err
}

// columnTracer is implemented by operator specs whose output rows are those of
// their input, or some of them, whatever other input rows there are: a filter on
// an output column may then be applied to the input column it is a copy of. A
// filter is announced before the scan is opened.
type columnTracer interface {
	inputColumn(col int) (input int, ok bool)
}

// scanColumn is a column of a scan.
type scanColumn struct {
	scan *scanSource
	col  int
}

// scansOf traces column col of the input of operator depth to the scans that it
// comes from; nil if it cannot be traced.
func (s *stream) scansOf(depth, col int) []scanColumn {
	for i := depth - 1; i >= 0; i-- {
		t, ok := s.ops[i].(columnTracer)
		if !ok {
			return nil
		}
		if col, ok = t.inputColumn(col); !ok {
			return nil
		}
	}
	switch src := s.src.(type) {
	case *scanSource:
		return []scanColumn{{src, col}}
	case *unionSource:
		if src.barrier {
			return nil
		}
		var out []scanColumn
		for _, p := range src.parts {
			out = append(out, p.scansOf(len(p.ops), col)...)
		}
		return out
	}
	return nil
}
