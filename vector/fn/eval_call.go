package fn

import "htapdb/vector"

// callNode applies a Scalar.
type callNode struct {
	fn   *Scalar
	args []node
	// invariant nodes are computed once a statement and kept in out as Const.
	invariant, computed bool
	// shared nodes stand at several places of the expressions; result is that of round.
	shared bool
	round  uint64
	result *vector.Vector

	kernel   Kernel
	prepared bool

	vecs  []*vector.Vector // the arguments of this batch
	flat  []vector.Vector  // flattened dictionaries
	out   vector.Vector
	valid []uint8     // the result's validity, from the arguments'
	sel   []int32     // rows without null arguments
	dict  *dictResult // made for the first dictionary
}

func (n *callNode) eval(ev *Evaluator, b *vector.Batch, sel []int32) (*vector.Vector, error) {
	if n.shared && n.round == ev.round {
		return n.result, nil
	}
	if n.computed {
		n.out.Len = b.Len
		return &n.out, nil
	}
	if vector.Invariants && n.out.Enc == vector.Flat && !n.fn.relabel {
		n.out.MangleElements()
	}
	v, err := n.compute(ev, b, sel)
	if err == nil {
		n.round, n.result = ev.round, v
	}
	return v, err
}

// reset implements node. A specialisation for literals alone stays.
func (n *callNode) reset() {
	n.computed, n.dict = false, nil
	keep := n.prepared
	for _, a := range n.args {
		a.reset()
		_, literal := a.(*constNode)
		keep = keep && (literal || !isInvariant(a))
	}
	if !keep {
		n.prepared, n.kernel = false, n.fn.Kernel
	}
}

func (n *callNode) compute(ev *Evaluator, b *vector.Batch, sel []int32) (*vector.Vector, error) {
	if b.Len == 0 || sel != nil && len(sel) == 0 {
		n.out.Resize(b.Len)
		return &n.out, nil
	}
	varying, allConst, null := 0, true, false
	for i, a := range n.args {
		v, err := a.eval(ev, b, sel)
		if err != nil {
			return nil, err
		}
		n.vecs[i] = v
		if v.Enc != vector.Const {
			varying++
			allConst = false
		} else if n.fn.Strict && v.Valid != nil && v.Valid[0] == 0 {
			null = true // the other arguments may still fail
		}
	}
	if null {
		return n.constNull(b.Len), nil
	}
	if n.fn.relabel {
		return n.relabel(), nil
	}
	if err := n.prepare(); err != nil {
		return nil, err
	}
	if allConst && n.fn.Volatility < Volatile {
		return n.constant(ev, b.Len)
	}
	if varying == 1 && n.fn.Strict && !n.fn.FlatArgs && n.fn.Volatility < Volatile {
		if v, ok := n.peel(ev, sel, b.Len); ok {
			return v, nil
		}
	}
	if !n.fn.AnyEncoding {
		for i, v := range n.vecs {
			if v.Enc == vector.Dict {
				if n.flat == nil {
					n.flat = make([]vector.Vector, len(n.args))
				}
				n.vecs[i] = flatten(v, &n.flat[i])
			}
		}
	}
	n.out.Resize(b.Len)
	if err := n.run(ev.ctx, sel, b.Len); err != nil {
		return nil, err
	}
	return &n.out, nil
}

// flatten is Vector.Flatten without an allocation for the validity, which is shared.
func flatten(v, scratch *vector.Vector) *vector.Vector {
	plain := *v
	plain.Valid = nil
	scratch.Type = v.Type
	scratch.Resize(v.Len)
	vector.CopyInto(scratch, 0, &plain, nil)
	scratch.Valid = v.Valid
	return scratch
}

// relabel is the argument under the call's type.
func (n *callNode) relabel() *vector.Vector {
	t := n.out.Type
	n.out = *n.vecs[0]
	n.out.Type = t
	return &n.out
}

// constNull is the Const NULL of the call's type.
func (n *callNode) constNull(rows int) *vector.Vector {
	n.out.Resize(1)
	n.valid = append(n.valid[:0], 0)
	n.out.Valid = n.valid
	n.out.Enc, n.out.Len = vector.Const, rows
	n.computed = n.invariant
	return &n.out
}

// constant evaluates one row for all.
func (n *callNode) constant(ev *Evaluator, rows int) (*vector.Vector, error) {
	n.out.Resize(1)
	before := ev.texts.used
	if err := n.run(ev.ctx, nil, 1); err != nil {
		return nil, err
	}
	n.out.Enc, n.out.Len = vector.Const, rows
	if n.computed = n.invariant; n.computed {
		ev.texts.keep(ev.texts.used - before)
	}
	return &n.out, nil
}

// prepare lets the function specialise itself for its constant arguments, once.
func (n *callNode) prepare() error {
	if n.prepared || n.fn.Prepare == nil {
		return nil
	}
	consts := make([]*vector.Vector, len(n.args))
	for i, a := range n.args {
		if isInvariant(a) && n.vecs[i].Enc == vector.Const && !n.vecs[i].IsNull(0) {
			consts[i] = n.vecs[i]
		}
	}
	k, err := n.fn.Prepare(consts)
	if err != nil {
		return err
	}
	if k != nil {
		n.kernel = k
	}
	n.prepared = true
	return nil
}

// run calls the kernel for the rows of sel into n.out, around nulls if the function is strict.
func (n *callNode) run(ctx *Context, sel []int32, rows int) error {
	if !n.fn.Strict || !n.mergeValid(sel, rows) {
		return n.fn.apply(ctx, n.kernel, n.vecs, sel, rows, &n.out)
	}
	if !n.fn.Total {
		var all bool
		if n.sel, all = selectValid(n.valid, sel, rows, n.sel); !all {
			sel = n.sel
		}
	}
	if sel == nil || len(sel) > 0 {
		if err := n.fn.apply(ctx, n.kernel, n.vecs, sel, rows, &n.out); err != nil {
			return err
		}
	}
	if own := n.out.Valid; own != nil {
		for i, ok := range n.valid {
			own[i] &= ok
		}
		return nil
	}
	n.out.Valid = n.valid
	return nil
}

// mergeValid sets n.valid to the conjunction of the arguments' validity; false if none has nulls.
func (n *callNode) mergeValid(sel []int32, rows int) bool {
	found := false
	for _, v := range n.vecs {
		if v.Valid == nil || v.Enc == vector.Const {
			continue
		}
		if !found {
			n.valid = append(n.valid[:0], v.Valid[:rows]...)
			found = true
			continue
		}
		other := v.Valid[:len(n.valid)]
		for i := range n.valid {
			n.valid[i] &= other[i]
		}
	}
	return found
}

// selectValid lists the rows of sel that are valid, into buf; all reports that none was dropped.
func selectValid(valid []uint8, sel []int32, rows int, buf []int32) (out []int32, all bool) {
	if sel == nil {
		out = growSel(buf, rows)
		k := 0
		for i, ok := range valid[:rows] {
			out[k] = int32(i)
			k += int(ok)
		}
		return out[:k], k == rows
	}
	out = growSel(buf, len(sel))
	k := 0
	for _, i := range sel {
		out[k] = i
		k += int(valid[i])
	}
	return out[:k], k == len(sel)
}

// growSel returns buf with length n.
func growSel(buf []int32, n int) []int32 {
	if cap(buf) < n {
		return make([]int32, n, max(n, 2*cap(buf)))
	}
	return buf[:n]
}

// dictResult is a function's results over one dictionary.
type dictResult struct {
	id     uint64 // the argument's DictID, 0 for none
	seen   int    // rows seen with that dictionary so far
	failed bool   // an entry raised an error: rows decide
	ready  bool
	values vector.Vector
	valid  []uint8
	bytes  int64  // of the texts among values
	outID  uint64 // the DictID of a result that is a dictionary again
}

// peel evaluates the function over the entries of its one dictionary argument
// and looks rows up by their codes. ok is false if it does not pay.
func (n *callNode) peel(ev *Evaluator, sel []int32, rows int) (v *vector.Vector, ok bool) {
	at := 0
	for n.vecs[at].Enc == vector.Const {
		at++
	}
	arg := n.vecs[at]
	if arg.Enc != vector.Dict {
		return nil, false
	}
	if n.dict == nil {
		n.dict = &dictResult{}
	}
	d := n.dict
	if arg.DictID == 0 || arg.DictID != d.id {
		d.id, d.seen, d.failed, d.ready = arg.DictID, 0, false, false
	}
	alive := rows
	if sel != nil {
		alive = len(sel)
	}
	d.seen += alive
	if d.failed || !d.ready && d.seen < arg.Dict.Len {
		return nil, false
	}
	if !d.ready && !n.evalDict(ev, at) {
		return nil, false
	}
	return n.lookup(arg, rows), true
}

// evalDict fills n.dict for the dictionary of argument at.
func (n *callNode) evalDict(ev *Evaluator, at int) bool {
	arg, d := n.vecs[at], n.dict
	n.vecs[at] = arg.Dict
	d.values.Type = n.out.Type
	d.values.Resize(arg.Dict.Len)
	ev.texts.keep(-d.bytes)
	before := ev.texts.used
	err := n.fn.apply(ev.ctx, n.kernel, n.vecs, nil, arg.Dict.Len, &d.values)
	d.bytes = ev.texts.used - before
	ev.texts.keep(d.bytes)
	n.vecs[at] = arg
	// An error may come from an entry that no alive row has: evaluate by rows then.
	d.failed, d.ready = err != nil, err == nil
	d.outID = 0
	if d.ready && arg.DictID != 0 {
		d.outID = vector.NewDictID()
	}
	return d.ready
}

// lookup makes the result from n.dict: a dictionary vector over the same codes,
// or a flat one for booleans and results with nulls.
func (n *callNode) lookup(arg *vector.Vector, rows int) *vector.Vector {
	d := n.dict
	if d.values.Valid == nil && d.values.Bool == nil {
		t := n.out.Type
		n.out = vector.Vector{
			Type: t, Enc: vector.Dict, Len: rows, Valid: arg.Valid, Codes: arg.Codes, Dict: &d.values, DictID: d.outID,
		}
		return &n.out
	}
	n.out.Resize(rows)
	plain := *arg
	plain.Type, plain.Dict, plain.Valid = n.out.Type, &d.values, nil
	vector.CopyInto(&n.out, 0, &plain, nil)
	if d.values.Valid == nil {
		n.out.Valid = arg.Valid
		return &n.out
	}
	n.valid = growBytes(n.valid, rows)
	for i, c := range arg.Codes[:rows] {
		n.valid[i] = d.values.Valid[c]
	}
	if arg.Valid != nil {
		for i, ok := range arg.Valid[:rows] {
			n.valid[i] &= ok
		}
	}
	n.out.Valid = n.valid
	return &n.out
}

func growBytes(buf []uint8, n int) []uint8 {
	if cap(buf) < n {
		return make([]uint8, n, max(n, 2*cap(buf)))
	}
	return buf[:n]
}
