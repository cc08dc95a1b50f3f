package fn

import (
	"htapdb/sql/types"
	"htapdb/vector"
)

// logicNode is AND (decisive 0) or OR (decisive 1): a decisive operand settles
// a row, which the later operands do not see.
type logicNode struct {
	args     []node
	decisive uint8
	out      vector.Vector
	valid    []uint8
	sel      []int32
}

func (c *compiler) compileLogic(args []Expr, decisive uint8) node {
	n := &logicNode{decisive: decisive}
	n.out.Type = types.TBool
	for i, a := range args {
		if i == 0 {
			n.args = append(n.args, c.compile(a))
		} else {
			n.args = append(n.args, c.conditional().compile(a))
		}
	}
	return n
}

func (n *logicNode) eval(ev *Evaluator, b *vector.Batch, sel []int32) (*vector.Vector, error) {
	n.out.Resize(b.Len)
	r := n.out.Bool
	for i := range r {
		r[i] = n.decisive ^ 1
	}
	nulls := false
	for k, a := range n.args {
		if err := ev.interruptedAt(k); err != nil {
			return nil, err
		}
		v, err := a.eval(ev, b, sel)
		if err != nil {
			return nil, err
		}
		if v.Enc == vector.Dict {
			v = v.Flatten(nil)
		}
		if v.Valid != nil && !nulls {
			nulls = true
			n.valid = growBytes(n.valid, b.Len)
			for i := range n.valid {
				n.valid[i] = 1
			}
		}
		last := k == len(n.args)-1
		if sel = n.settle(v, sel, b.Len, nulls, last); !last && len(sel) == 0 {
			break
		}
	}
	if nulls {
		n.out.Valid = n.valid
	}
	return &n.out, nil
}

func (n *logicNode) reset() { resetAll(n.args) }

func resetAll(nodes []node) {
	for _, n := range nodes {
		n.reset()
	}
}

// settle merges one operand into the result for the rows of sel and returns the
// rows that are still open.
func (n *logicNode) settle(v *vector.Vector, sel []int32, rows int, nulls, last bool) []int32 {
	if !last && cap(n.sel) < rows {
		n.sel = make([]int32, 0, max(rows, 2*cap(n.sel)))
	}
	if v.Valid == nil && v.Enc == vector.Flat && !nulls {
		return n.settlePlain(v.Bool, sel, rows, last)
	}
	// Writing the open rows over sel is safe: a row is read before its place is written.
	open, m := n.sel[:0], step(v)
	one := func(i int) {
		switch {
		case v.Valid != nil && v.Valid[i&m] == 0:
			n.valid[i] = 0
		case v.Bool[i&m] == n.decisive:
			n.out.Bool[i] = n.decisive
			if nulls {
				n.valid[i] = 1
			}
			return
		}
		if !last {
			open = append(open, int32(i))
		}
	}
	if sel == nil {
		for i := 0; i < rows; i++ {
			one(i)
		}
		return open
	}
	for _, i := range sel {
		one(int(i))
	}
	return open
}

// settlePlain is settle where nothing is null yet: no branch per row.
func (n *logicNode) settlePlain(operand []uint8, sel []int32, rows int, last bool) []int32 {
	r, d := n.out.Bool, n.decisive
	if last {
		if sel == nil {
			copy(r, operand[:rows])
		}
		for _, i := range sel {
			r[i] = operand[i]
		}
		return nil
	}
	k := 0
	if sel == nil {
		open := n.sel[:rows]
		for i, b := range operand[:rows] {
			r[i] = b
			open[k] = int32(i)
			k += int(b ^ d)
		}
		return open[:k]
	}
	open := n.sel[:len(sel)]
	for _, i := range sel {
		b := operand[i]
		r[i] = b
		open[k] = i
		k += int(b ^ d)
	}
	return open[:k]
}

// caseNode is CASE: each row goes to the first branch whose condition is TRUE.
type caseNode struct {
	conds, thens []node
	orElse       node // nil for NULL
	out          vector.Vector
	valid        []uint8
	match, rest  []int32
}

func (c *compiler) compileCase(e *Case) node {
	n := &caseNode{}
	n.out.Type = e.Typ
	for i, w := range e.Whens {
		if i == 0 {
			n.conds = append(n.conds, c.compile(w.Cond))
		} else {
			n.conds = append(n.conds, c.conditional().compile(w.Cond))
		}
		n.thens = append(n.thens, c.conditional().compile(w.Then))
	}
	if e.Else != nil {
		n.orElse = c.conditional().compile(e.Else)
	}
	return n
}

func (n *caseNode) eval(ev *Evaluator, b *vector.Batch, sel []int32) (*vector.Vector, error) {
	if vector.Invariants {
		n.out.MangleElements()
	}
	n.out.Resize(b.Len)
	merge := merger{out: &n.out, valid: &n.valid}
	for i, cond := range n.conds {
		if err := ev.interruptedAt(i); err != nil {
			return nil, err
		}
		c, err := cond.eval(ev, b, sel)
		if err != nil {
			return nil, err
		}
		n.match, n.rest = splitTrue(c, sel, b.Len, n.match, n.rest)
		sel = n.rest
		if len(n.match) == 0 {
			continue
		}
		v, err := n.thens[i].eval(ev, b, n.match)
		if err != nil {
			return nil, err
		}
		merge.rows(v, n.match)
		if len(sel) == 0 {
			return &n.out, nil
		}
	}
	if n.orElse == nil {
		merge.nulls(sel)
		return &n.out, nil
	}
	v, err := n.orElse.eval(ev, b, sel)
	if err != nil {
		return nil, err
	}
	merge.rows(v, sel)
	return &n.out, nil
}

func (n *caseNode) reset() {
	resetAll(n.conds)
	resetAll(n.thens)
	if n.orElse != nil {
		n.orElse.reset()
	}
}

// splitTrue divides the rows of sel into those where c is TRUE and the others.
// sel may share memory with rest, whose entries are written behind the reading.
func splitTrue(c *vector.Vector, sel []int32, rows int, match, rest []int32) (t, f []int32) {
	if c.Enc == vector.Dict {
		c = c.Flatten(nil)
	}
	match, rest = growSel(match, rows), growSel(rest, rows)
	m, nt, nf := step(c), 0, 0
	put := func(i int) {
		is := int(c.Bool[i&m])
		if c.Valid != nil {
			is &= int(c.Valid[i&m])
		}
		match[nt], rest[nf] = int32(i), int32(i)
		nt += is
		nf += 1 - is
	}
	if sel == nil {
		for i := 0; i < rows; i++ {
			put(i)
		}
	} else {
		for _, i := range sel {
			put(int(i))
		}
	}
	return match[:nt], rest[:nf]
}

// coalesceNode is COALESCE.
type coalesceNode struct {
	args  []node
	out   vector.Vector
	valid []uint8
	open  []int32
}

func (n *coalesceNode) eval(ev *Evaluator, b *vector.Batch, sel []int32) (*vector.Vector, error) {
	if vector.Invariants {
		n.out.MangleElements()
	}
	n.out.Resize(b.Len)
	merge := merger{out: &n.out, valid: &n.valid}
	for k, a := range n.args {
		if err := ev.interruptedAt(k); err != nil {
			return nil, err
		}
		v, err := a.eval(ev, b, sel)
		if err != nil {
			return nil, err
		}
		if v.Valid == nil && k == 0 {
			return v, nil
		}
		merge.rows(v, sel)
		if v.Valid == nil {
			return &n.out, nil
		}
		if sel = n.stillNull(v, sel, b.Len); len(sel) == 0 {
			return &n.out, nil
		}
	}
	return &n.out, nil
}

func (n *coalesceNode) reset() { resetAll(n.args) }

func (n *coalesceNode) stillNull(v *vector.Vector, sel []int32, rows int) []int32 {
	open := growSel(n.open, rows)[:0]
	if sel == nil {
		for i := 0; i < rows; i++ {
			if v.IsNull(i) {
				open = append(open, int32(i))
			}
		}
	} else {
		for _, i := range sel {
			if v.IsNull(int(i)) {
				open = append(open, i)
			}
		}
	}
	n.open = open
	return open
}

// merger writes rows of several vectors into one flat vector.
type merger struct {
	out   *vector.Vector
	valid *[]uint8 // scratch for out.Valid
}

// ensureValid makes out nullable, all rows valid so far.
func (m merger) ensureValid() []uint8 {
	if m.out.Valid == nil {
		*m.valid = growBytes(*m.valid, m.out.Len)
		for i := range *m.valid {
			(*m.valid)[i] = 1
		}
		m.out.Valid = *m.valid
	}
	return m.out.Valid
}

// nulls makes the rows of sel (all if nil) null.
func (m merger) nulls(sel []int32) {
	valid := m.ensureValid()
	if sel == nil {
		for i := range valid {
			valid[i] = 0
		}
	}
	for _, i := range sel {
		valid[i] = 0
	}
}

// rows copies the rows of sel (all if nil) from v, to the same places.
func (m merger) rows(v *vector.Vector, sel []int32) {
	if v.Valid != nil {
		valid, s := m.ensureValid(), step(v)
		if sel == nil {
			for i := range valid {
				valid[i] = v.Valid[i&s]
			}
		}
		for _, i := range sel {
			valid[i] = v.Valid[int(i)&s]
		}
	} else if m.out.Valid != nil {
		if sel == nil {
			for i := range m.out.Valid {
				m.out.Valid[i] = 1
			}
		}
		for _, i := range sel {
			m.out.Valid[i] = 1
		}
	}
	switch v.Type.Physical() {
	case types.PhysBool:
		place[uint8](m.out, v, sel)
	case types.PhysInt16:
		place[int16](m.out, v, sel)
	case types.PhysInt32:
		place[int32](m.out, v, sel)
	case types.PhysInt64:
		place[int64](m.out, v, sel)
	case types.PhysInt128:
		place[types.Int128](m.out, v, sel)
	case types.PhysFloat32:
		place[float32](m.out, v, sel)
	case types.PhysFloat64:
		place[float64](m.out, v, sel)
	case types.PhysString:
		place[string](m.out, v, sel)
	case types.PhysInterval:
		place[types.IntervalValue](m.out, v, sel)
	}
}

// place copies elements of the rows sel from v in any encoding into out.
func place[T element](out, v *vector.Vector, sel []int32) {
	r, m := vals[T](out), step(v)
	if v.Enc == vector.Dict {
		a := vals[T](v.Dict)
		if sel == nil {
			for i := range r {
				r[i] = a[v.Codes[i]]
			}
		}
		for _, i := range sel {
			r[i] = a[v.Codes[i]]
		}
		return
	}
	a := vals[T](v)
	if sel == nil {
		for i := range r {
			r[i] = a[i&m]
		}
	}
	for _, i := range sel {
		r[i] = a[int(i)&m]
	}
}
