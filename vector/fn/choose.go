package fn

import (
	"htapdb/sql/types"
	"htapdb/vector"
)

// chooseFunctions are GREATEST, LEAST and NULLIF.
func chooseFunctions() []overload {
	return []overload{
		{name: "greatest", args: []types.Kind{sameKind, sameKind}, variadic: true, result: sameKind, nullable: true, bind: bindExtreme(true)},
		{name: "least", args: []types.Kind{sameKind, sameKind}, variadic: true, result: sameKind, nullable: true, bind: bindExtreme(false)},
		{name: "nullif", args: []types.Kind{sameKind, sameKind}, result: sameKind, nullable: true, bind: bindNullif},
	}
}

// bindExtreme picks the greatest or least argument that is not NULL.
func bindExtreme(largest bool) func(*binding) error {
	return func(b *binding) error {
		b.Kernel = func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
			return eachRow(sel, n, func(i int) error {
				best := types.NullDatum
				for _, a := range args {
					d := a.Datum(i)
					if d.IsNull() {
						continue
					}
					if best.IsNull() {
						best = d
					} else if c := Compare(d, best); largest && c > 0 || !largest && c < 0 {
						best = d
					}
				}
				out.Set(i, best)
				return nil
			})
		}
		return nil
	}
}

// bindNullif is its first argument, or NULL where the second equals it.
func bindNullif(b *binding) error {
	b.Kernel = func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		return eachRow(sel, n, func(i int) error {
			d, e := args[0].Datum(i), args[1].Datum(i)
			if !d.IsNull() && !e.IsNull() && Compare(d, e) == 0 {
				d = types.NullDatum
			}
			out.Set(i, d)
			return nil
		})
	}
	return nil
}
