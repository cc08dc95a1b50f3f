package fn

import (
	"unicode/utf8"

	"htapdb/sql/sqlstate"
	"htapdb/vector"
)

// freeTextBytes is how much text of one batch is nobody's concern: as much as
// full batches of ordinary values have.
const freeTextBytes = 1 << 20

// fits is an error if a batch's texts of so many bytes together are more than
// the statement may take. They are not reserved: a batch does not live long.
func (ctx *Context) fits(bytes int64) error {
	if bytes <= freeTextBytes || ctx.Room == nil {
		return nil
	}
	if room := ctx.Room(); bytes > room {
		return sqlstate.New(sqlstate.OutOfMemory, "out of memory for texts of %d KiB", bytes>>10).
			WithDetail("The statement may take %d KiB more.", room>>10)
	}
	return nil
}

// sized2 asks for the room of the results, at most size bytes each, before k
// makes them.
func sized2[A, B element](k Kernel, size func(A, B) int64) Kernel {
	return func(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		if ctx.Room != nil {
			a, b, total := vals[A](args[0]), vals[B](args[1]), int64(0)
			ma, mb := step(args[0]), step(args[1])
			for r := range selected(sel, n) {
				i := rowOf(sel, r)
				total += min(size(a[i&ma], b[i&mb]), maxTextBytes)
			}
			if err := ctx.fits(total); err != nil {
				return err
			}
		}
		return k(ctx, args, sel, n, out)
	}
}

// sized3 is sized2 for three arguments.
func sized3[A, B, C element](k Kernel, size func(A, B, C) int64) Kernel {
	return func(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		if ctx.Room != nil {
			a, b, c, total := vals[A](args[0]), vals[B](args[1]), vals[C](args[2]), int64(0)
			ma, mb, mc := step(args[0]), step(args[1]), step(args[2])
			for r := range selected(sel, n) {
				i := rowOf(sel, r)
				total += min(size(a[i&ma], b[i&mb], c[i&mc]), maxTextBytes)
			}
			if err := ctx.fits(total); err != nil {
				return err
			}
		}
		return k(ctx, args, sel, n, out)
	}
}

// selected is the number of rows in sel, n if it is nil.
func selected(sel []int32, n int) int {
	if sel != nil {
		return len(sel)
	}
	return n
}

// The sizes of results in bytes, at most.

func repeatedBytes(s string, n int32) int64 { return max(int64(n), 0) * int64(len(s)) }

func joinedBytes(a, b string) int64 { return int64(len(a)) + int64(len(b)) }

func paddedBytes(s string, n int32, fill string) int64 {
	width := int64(1)
	if len(fill) != utf8.RuneCountInString(fill) {
		width = utf8.UTFMax
	}
	return int64(len(s)) + max(int64(n), 0)*width
}

func replacedBytes(s, from, to string) int64 {
	if from == "" {
		return int64(len(s))
	}
	return int64(len(s)) + int64(len(s)/len(from))*int64(len(to))
}
