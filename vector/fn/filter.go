package fn

import (
	"slices"
	"time"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// conjunction is a filter's conjuncts with what was observed of them.
type conjunction struct {
	parts []*conjunct
	// rounds counts batches since the order was last chosen.
	rounds int
}

// conjunct is one condition of a filter.
type conjunct struct {
	node    node
	in, out int64 // rows seen and kept
	nanos   int64
}

// reorderEvery is after how many batches the order of conjuncts is chosen again.
const reorderEvery = 16

// minTimedRows is the least batch that is worth two clock readings.
const minTimedRows = 128

// Filter returns the alive rows of b where the evaluator's one expression, a
// BOOLEAN, is TRUE, in ascending order. The result is written into scratch if it has
// room, and may share memory with it; b.Sel is not changed. No rows is an empty, non-nil slice.
//
// The operands of a top-level AND run one after the other on the rows that are
// left, those that drop most rows in the least time first. An operand that fails is
// tried again after the others: it counts only if it still fails on their rows.
func (ev *Evaluator) Filter(b *vector.Batch, scratch []int32) ([]int32, error) {
	if ev.conj == nil {
		if err := ev.compileFilter(); err != nil {
			return nil, err
		}
	}
	ev.round++
	ev.texts.next()
	buf := growSel(scratch, b.Len)
	if buf == nil { // an empty batch: nil would mean all rows
		return []int32{}, nil
	}
	c := ev.conj
	timed := len(c.parts) > 1 && b.Rows() >= minTimedRows
	if c.rounds++; timed && c.rounds%reorderEvery == 0 {
		c.reorder()
	}
	sel, failed, err := c.pass(ev, b, b.Sel, buf, timed)
	if err != nil && (sel == nil || len(sel) > 0) {
		// Only the failed ones, on what the others left.
		for _, p := range failed {
			if sel, err = p.filter(ev, b, sel, buf, false); err != nil {
				return nil, err
			}
		}
	}
	if sel == nil { // an expression without conjuncts
		sel = buf[:b.Len]
		for i := range sel {
			sel[i] = int32(i)
		}
	}
	return sel, nil
}

func (ev *Evaluator) compileFilter() error {
	if len(ev.exprs) != 1 || ev.exprs[0].Type().Kind != types.Bool && ev.exprs[0].Type().Kind != types.Unknown {
		return sqlstate.New(sqlstate.InternalError, "a filter needs one boolean expression")
	}
	ev.conj = &conjunction{}
	comp := newCompiler(ev.exprs)
	for _, e := range Conjuncts(ev.exprs[0]) {
		ev.conj.parts = append(ev.conj.parts, &conjunct{node: comp.compile(e)})
	}
	return nil
}

// pass runs the conjuncts in order; those that fail are set aside.
func (c *conjunction) pass(ev *Evaluator, b *vector.Batch, sel, buf []int32, timed bool) (left []int32, failed []*conjunct, err error) {
	for _, p := range c.parts {
		kept, e := p.filter(ev, b, sel, buf, timed)
		if e != nil {
			if failed = append(failed, p); err == nil {
				err = e
			}
			continue
		}
		if sel = kept; len(sel) == 0 {
			break
		}
	}
	return sel, failed, err
}

// filter returns the rows of sel where p is TRUE, written to buf.
func (p *conjunct) filter(ev *Evaluator, b *vector.Batch, sel, buf []int32, timed bool) ([]int32, error) {
	var start time.Time
	if timed {
		start = time.Now()
	}
	kept, err := p.selectRows(ev, b, sel, buf)
	if timed && err == nil {
		p.nanos += int64(time.Since(start))
		p.in += int64(b.Len)
		if sel != nil {
			p.in += int64(len(sel) - b.Len)
		}
		p.out += int64(len(kept))
	}
	return kept, err
}

func (p *conjunct) selectRows(ev *Evaluator, b *vector.Batch, sel, buf []int32) ([]int32, error) {
	if call, ok := p.node.(*callNode); ok && call.fn.Select != nil && !call.invariant && !call.shared {
		return call.selectRows(ev, b, sel, buf)
	}
	v, err := p.node.eval(ev, b, sel)
	if err != nil {
		return nil, err
	}
	return selectTrue(v, sel, b.Len, buf), nil
}

// selectRows runs the function's own selection on its arguments.
func (n *callNode) selectRows(ev *Evaluator, b *vector.Batch, sel, buf []int32) ([]int32, error) {
	if b.Len == 0 || sel != nil && len(sel) == 0 {
		return buf[:0], nil
	}
	for i, a := range n.args {
		v, err := a.eval(ev, b, sel)
		if err != nil {
			return nil, err
		}
		if v.Enc == vector.Dict { // by entries, or flattened
			v, err := n.eval(ev, b, sel)
			if err != nil {
				return nil, err
			}
			return selectTrue(v, sel, b.Len, buf), nil
		}
		n.vecs[i] = v
	}
	return n.fn.Select(ev.ctx, n.vecs, sel, b.Len, buf[:0])
}

// selectTrue lists the rows of sel where v is TRUE, into buf, which may be sel's memory.
func selectTrue(v *vector.Vector, sel []int32, rows int, buf []int32) []int32 {
	switch v.Enc {
	case vector.Const:
		if v.IsNull(0) || v.Bool[0] == 0 {
			return buf[:0]
		}
		if sel != nil {
			return sel
		}
		for i := range buf[:rows] {
			buf[i] = int32(i)
		}
		return buf[:rows]
	case vector.Dict:
		v = v.Flatten(nil)
	}
	k := 0
	bools := v.Bool
	switch {
	case sel == nil && v.Valid == nil:
		for i, t := range bools[:rows] {
			buf[k] = int32(i)
			k += int(t)
		}
	case sel == nil:
		valid := v.Valid
		for i, t := range bools[:rows] {
			buf[k] = int32(i)
			k += int(t & valid[i])
		}
	case v.Valid == nil:
		for _, i := range sel {
			buf[k] = i
			k += int(bools[i])
		}
	default:
		for _, i := range sel {
			buf[k] = i
			k += int(bools[i] & v.Valid[i])
		}
	}
	return buf[:k]
}

// reorder sorts the conjuncts by cost per dropped row, the rule that minimises
// the expected total (Hellerstein, "Optimization techniques for queries with expensive methods", 1998).
func (c *conjunction) reorder() {
	rank := func(p *conjunct) float64 {
		if p.in == 0 {
			return 0
		}
		cost := float64(p.nanos)/float64(p.in) + 0.01
		return (float64(p.out)/float64(p.in) - 1) / cost
	}
	slices.SortStableFunc(c.parts, func(a, b *conjunct) int {
		switch ra, rb := rank(a), rank(b); {
		case ra < rb:
			return -1
		case ra > rb:
			return 1
		}
		return 0
	})
	for _, p := range c.parts { // older observations count for less
		p.in, p.out, p.nanos = p.in/2, p.out/2, p.nanos/2
	}
}
