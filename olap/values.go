package olap

import (
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// Values yields rows of expressions without columns (literals, parameters,
// functions of them). One row without expressions is SELECT without FROM.
type Values struct {
	// Rows are the rows; every row has as many expressions as Columns, of those types.
	Rows [][]fn.Expr
	// Columns are the types.
	Columns []types.Type
}

// Types returns Columns.
func (v *Values) Types() []types.Type { return v.Columns }

// Inputs returns nil.
func (v *Values) Inputs() []Node { return nil }

// Name returns "Values".
func (v *Values) Name() string { return "Values" }

func (v *Values) estimate(func(Node) float64) float64 { return float64(len(v.Rows)) }

func (v *Values) compile(*run) (*stream, error) {
	return newStream(v, &valuesSource{node: v}), nil
}

// valuesSource is one execution of Values, by one worker.
type valuesSource struct {
	node *Values
	r    *run
}

func (v *valuesSource) open(r *run) error              { v.r = r; return nil }
func (v *valuesSource) parallel() int                  { return 1 }
func (v *valuesSource) rows() int64                    { return int64(len(v.node.Rows)) }
func (v *valuesSource) reader(*worker) (reader, error) { return &valuesReader{src: v}, nil }

type valuesReader struct {
	src *valuesSource
	at  int
	out *vector.Batch
}

func (v *valuesReader) next() (*vector.Batch, bool, error) {
	node := v.src.node
	n := min(len(node.Rows)-v.at, v.src.r.batch)
	if n <= 0 {
		return nil, false, nil
	}
	if v.out == nil {
		v.out = vector.NewBatch(node.Columns, n)
	}
	v.out.Resize(n)
	for i := range n {
		for c, x := range node.Rows[v.at+i] {
			if l, ok := x.(*fn.Literal); ok {
				v.out.Cols[c].Set(i, l.Value)
				continue
			}
			d, err := v.src.r.scalar(x)
			if err != nil {
				return nil, false, err
			}
			v.out.Cols[c].Set(i, d)
		}
	}
	v.at += n
	return v.out, true, nil
}

func (v *valuesReader) close() {}
