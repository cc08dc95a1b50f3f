package fn

import (
	"htapdb/sql/types"
	"htapdb/vector"
)

// element is the set of vector element types.
type element interface {
	uint8 | int16 | int32 | int64 | types.Int128 | float32 | float64 | string | types.IntervalValue
}

// vals returns the element slice of v that holds T.
func vals[T element](v *vector.Vector) []T {
	var zero T
	switch any(zero).(type) {
	case uint8:
		return *any(&v.Bool).(*[]T)
	case int16:
		return *any(&v.I16).(*[]T)
	case int32:
		return *any(&v.I32).(*[]T)
	case int64:
		return *any(&v.I64).(*[]T)
	case types.Int128:
		return *any(&v.I128).(*[]T)
	case float32:
		return *any(&v.F32).(*[]T)
	case float64:
		return *any(&v.F64).(*[]T)
	case string:
		return *any(&v.Str).(*[]T)
	}
	return *any(&v.Iv).(*[]T)
}

// step is what an argument's row index is masked with: 0 for a constant, all ones otherwise.
func step(v *vector.Vector) int {
	if v.Enc == vector.Const {
		return 0
	}
	return -1
}

// b2u is 1 for true.
func b2u(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// The map functions below make kernels of functions of one row. They cost a
// call a row: arithmetic and comparison have loops of their own.

// map1 makes a kernel of a total function of one argument.
func map1[A, R element](f func(A) R) Kernel {
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		a, r, m := vals[A](args[0]), vals[R](out), step(args[0])
		if sel == nil {
			for i := 0; i < n; i++ {
				r[i] = f(a[i&m])
			}
			return nil
		}
		for _, i := range sel {
			r[i] = f(a[int(i)&m])
		}
		return nil
	}
}

// try1 is map1 for functions that may fail.
func try1[A, R element](f func(A) (R, error)) Kernel {
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) (err error) {
		a, r, m := vals[A](args[0]), vals[R](out), step(args[0])
		if sel == nil {
			for i := 0; i < n; i++ {
				if r[i], err = f(a[i&m]); err != nil {
					return err
				}
			}
			return nil
		}
		for _, i := range sel {
			if r[i], err = f(a[int(i)&m]); err != nil {
				return err
			}
		}
		return nil
	}
}

// map2 makes a kernel of a total function of two arguments.
func map2[A, B, R element](f func(A, B) R) Kernel {
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		a, b, r := vals[A](args[0]), vals[B](args[1]), vals[R](out)
		ma, mb := step(args[0]), step(args[1])
		if sel == nil {
			for i := 0; i < n; i++ {
				r[i] = f(a[i&ma], b[i&mb])
			}
			return nil
		}
		for _, i := range sel {
			r[i] = f(a[int(i)&ma], b[int(i)&mb])
		}
		return nil
	}
}

// try2 is map2 for functions that may fail.
func try2[A, B, R element](f func(A, B) (R, error)) Kernel {
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) (err error) {
		a, b, r := vals[A](args[0]), vals[B](args[1]), vals[R](out)
		ma, mb := step(args[0]), step(args[1])
		if sel == nil {
			for i := 0; i < n; i++ {
				if r[i], err = f(a[i&ma], b[i&mb]); err != nil {
					return err
				}
			}
			return nil
		}
		for _, i := range sel {
			if r[i], err = f(a[int(i)&ma], b[int(i)&mb]); err != nil {
				return err
			}
		}
		return nil
	}
}

// try3 makes a kernel of a function of three arguments.
func try3[A, B, C, R element](f func(A, B, C) (R, error)) Kernel {
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		a, b, c, r := vals[A](args[0]), vals[B](args[1]), vals[C](args[2]), vals[R](out)
		ma, mb, mc := step(args[0]), step(args[1]), step(args[2])
		return eachRow(sel, n, func(i int) (err error) {
			r[i], err = f(a[i&ma], b[i&mb], c[i&mc])
			return err
		})
	}
}

// withText makes a kernel of a function of two arguments that makes long texts.
func withText[A, B element](f func(ctx *Context, a A, b B) (string, error)) Kernel {
	return func(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		a, b, r := vals[A](args[0]), vals[B](args[1]), out.Str
		ma, mb := step(args[0]), step(args[1])
		return eachRow(sel, n, func(i int) (err error) {
			r[i], err = f(ctx, a[i&ma], b[i&mb])
			return err
		})
	}
}

// try4 makes a kernel of a function of four arguments.
func try4[A, B, C, D, R element](f func(A, B, C, D) (R, error)) Kernel {
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		a, b, c, d, r := vals[A](args[0]), vals[B](args[1]), vals[C](args[2]), vals[D](args[3]), vals[R](out)
		ma, mb, mc, md := step(args[0]), step(args[1]), step(args[2]), step(args[3])
		return eachRow(sel, n, func(i int) (err error) {
			r[i], err = f(a[i&ma], b[i&mb], c[i&mc], d[i&md])
			return err
		})
	}
}

// eachRow calls f for the rows sel (all n if nil) until it fails.
func eachRow(sel []int32, n int, f func(i int) error) error {
	if sel == nil {
		for i := 0; i < n; i++ {
			if err := f(i); err != nil {
				return err
			}
		}
		return nil
	}
	for _, i := range sel {
		if err := f(int(i)); err != nil {
			return err
		}
	}
	return nil
}

// withContext makes a kernel of a function that makes one from the context (zones, now).
func withContext(f func(ctx *Context) (Kernel, error)) Kernel {
	return func(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		k, err := f(ctx)
		if err != nil {
			return err
		}
		return k(ctx, args, sel, n, out)
	}
}

// nullable2 is nullable1 for two arguments.
func nullable2[A, B, R element](f func(A, B) (r R, ok bool, err error)) Kernel {
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		a, b, r := vals[A](args[0]), vals[B](args[1]), vals[R](out)
		ma, mb := step(args[0]), step(args[1])
		return eachRow(sel, n, func(i int) error {
			v, ok, err := f(a[i&ma], b[i&mb])
			if r[i] = v; !ok {
				out.SetNull(i)
			}
			return err
		})
	}
}

// map0 makes a kernel that gives one value, whatever its arguments hold.
func map0[R element](v R) Kernel {
	return func(_ *Context, _ []*vector.Vector, _ []int32, n int, out *vector.Vector) error {
		r := vals[R](out)
		for i := range r[:n] {
			r[i] = v
		}
		return nil
	}
}
