package fn

import (
	"htapdb/sql/types"
	"htapdb/vector"
)

// booleanFunctions are NOT and the IS tests; AND and OR are nodes of their own.
func booleanFunctions() []overload {
	one := []types.Kind{types.Bool}
	test := func(name string, ofTrue, ofFalse, ofNull uint8) overload {
		return overload{name: name, args: one, result: types.Bool, nullable: true, total: true, kernel: truthTest(ofTrue, ofFalse, ofNull)}
	}
	return []overload{
		{name: "not", args: one, result: types.Bool, total: true, kernel: map1(func(v uint8) uint8 { return v ^ 1 })},
		test("is true", 1, 0, 0), test("is not true", 0, 1, 1),
		test("is false", 0, 1, 0), test("is not false", 1, 0, 1),
		test("is unknown", 0, 0, 1), test("is not unknown", 1, 1, 0),
		{name: "is null", args: []types.Kind{anyKind}, result: types.Bool, nullable: true, total: true, kernel: nullTest(1)},
		{name: "is not null", args: []types.Kind{anyKind}, result: types.Bool, nullable: true, total: true, kernel: nullTest(0)},
	}
}

// truthTest maps TRUE, FALSE and NULL to booleans.
func truthTest(ofTrue, ofFalse, ofNull uint8) Kernel {
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		a, m := args[0], step(args[0])
		return eachRow(sel, n, func(i int) error {
			switch {
			case a.Valid != nil && a.Valid[i&m] == 0:
				out.Bool[i] = ofNull
			case a.Bool[i&m] != 0:
				out.Bool[i] = ofTrue
			default:
				out.Bool[i] = ofFalse
			}
			return nil
		})
	}
}

// nullTest writes ofNull where the argument is null, its opposite elsewhere.
func nullTest(ofNull uint8) Kernel {
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		a, m := args[0], step(args[0])
		r := out.Bool[:n]
		if a.Valid == nil {
			for i := range r {
				r[i] = ofNull ^ 1
			}
			return nil
		}
		flip := ofNull // valid 1 → ofNull^1, valid 0 → ofNull
		for i := range r {
			r[i] = a.Valid[i&m] ^ flip
		}
		return nil
	}
}
