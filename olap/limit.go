package olap

import (
	"math"
	"sync/atomic"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// Limit yields Count rows of its input after skipping Offset.
type Limit struct {
	Input Node
	// Count and Offset are BIGINT expressions without columns, evaluated once per
	// execution; nil or NULL means all rows, or none skipped. Negative values are
	// InvalidRowCountInLimit and InvalidRowCountInOffset.
	Count, Offset fn.Expr
}

// Types returns the input's.
func (l *Limit) Types() []types.Type { return l.Input.Types() }

// Inputs returns the input.
func (l *Limit) Inputs() []Node { return []Node{l.Input} }

// Name returns "Limit".
func (l *Limit) Name() string { return "Limit" }

func (l *Limit) compile(r *run) (*stream, error) {
	s, err := l.Input.compile(r)
	if err != nil {
		return nil, err
	}
	s.pull()
	return s.then(l, &limitSpec{node: l}), nil
}

// limitSpec counts the rows that all workers of a Limit have seen.
type limitSpec struct {
	node        *Limit
	first, last int64 // the rows [first, last) are yielded
	seen        atomic.Int64
}

func (l *limitSpec) prepare(r *run) error {
	var err error
	if l.first, l.last, err = r.limits(l.node.Count, l.node.Offset); err != nil {
		return err
	}
	if l.first >= l.last {
		return errEnd
	}
	return nil
}

func (l *limitSpec) operator(*worker) (operator, error) { return &limitOperator{spec: l}, nil }

// limits evaluates LIMIT and OFFSET to the range [first, last) of rows to yield.
func (r *run) limits(count, offset fn.Expr) (first, last int64, err error) {
	last = math.MaxInt64
	if offset != nil {
		d, err := r.scalar(offset)
		if err != nil {
			return 0, 0, err
		}
		if d.Int() < 0 {
			return 0, 0, sqlstate.New(sqlstate.InvalidRowCountInOffset, "OFFSET must not be negative")
		}
		first = d.Int()
	}
	if count != nil {
		d, err := r.scalar(count)
		if err != nil {
			return 0, 0, err
		}
		if d.Int() < 0 {
			return 0, 0, sqlstate.New(sqlstate.InvalidRowCountInLimit, "LIMIT must not be negative")
		}
		if n := d.Int(); !d.IsNull() && n < math.MaxInt64-first {
			last = first + n
		}
	}
	return first, last, nil
}

// limitOperator cuts batches to the range of rows that are wanted.
type limitOperator struct {
	spec *limitSpec
	out  vector.Batch
	sel  []int32
}

func (l *limitOperator) process(in *vector.Batch) (*vector.Batch, bool, error) {
	n := int64(in.Rows())
	at := l.spec.seen.Add(n) - n
	from, to := max(l.spec.first-at, 0), min(l.spec.last-at, n)
	var end error
	if at+n >= l.spec.last {
		end = errEnd
	}
	if from >= to {
		return nil, false, end
	}
	if from == 0 && to == n {
		return in, false, end
	}
	l.out = *in
	if in.Sel != nil {
		l.out.Sel = in.Sel[from:to]
		return &l.out, false, end
	}
	l.sel = l.sel[:0]
	for i := from; i < to; i++ {
		l.sel = append(l.sel, int32(i))
	}
	l.out.Sel = l.sel
	return &l.out, false, end
}
