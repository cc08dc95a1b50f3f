package olap

import "htapdb/sql/types"

// Materialize computes its input once per execution and keeps the rows. A plan
// that refers to a common table expression several times holds the same
// *Materialize several times.
type Materialize struct {
	Input Node
	// Label names the common table expression for EXPLAIN.
	Label string
}

// Types returns the input's.
func (m *Materialize) Types() []types.Type { return m.Input.Types() }

// Inputs returns the input.
func (m *Materialize) Inputs() []Node { return []Node{m.Input} }

// Name returns "Materialize".
func (m *Materialize) Name() string { return "Materialize" }

// materialized is the rows of a Materialize in one execution.
type materialized struct {
	input   *stream
	ordered bool
	buf     *rowBuffer
}

func (m *Materialize) compile(r *run) (*stream, error) {
	state := r.shared[m]
	if state == nil {
		s, err := m.Input.compile(r)
		if err != nil {
			return nil, err
		}
		if r.shared == nil {
			r.shared = map[*Materialize]*materialized{}
		}
		state = &materialized{input: s}
		r.shared[m] = state
	}
	src := &bufferSource{width: len(m.Types())}
	src.fill = func(r *run) error {
		if state.buf == nil {
			buf, err := r.collect(state.input, m, m.Types())
			if err != nil {
				return err
			}
			state.buf, state.ordered = buf, state.input.parallel() == 1
		}
		src.buf, src.ordered = state.buf, state.ordered
		return nil
	}
	return newStream(m, src), nil
}
