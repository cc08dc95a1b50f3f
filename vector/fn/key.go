package fn

import (
	"fmt"
	"strconv"
	"strings"

	"htapdb/sql/types"
)

// exprKey is text that is equal only for expressions with equal results on every
// row; "" if e has no key (volatile calls, nodes of other packages).
func exprKey(e Expr) string {
	var b strings.Builder
	if !writeKey(&b, e) {
		return ""
	}
	return b.String()
}

func writeKey(b *strings.Builder, e Expr) bool {
	switch e := e.(type) {
	case *Column:
		b.WriteString("#" + strconv.Itoa(e.Index))
	case *Param:
		b.WriteString("$" + strconv.Itoa(e.Index))
	case *Literal:
		writeDatumKey(b, e.Value)
	case *Call:
		if e.Func.Volatility == Volatile {
			return false
		}
		b.WriteString(e.Func.Name)
		if e.Func.identity == "" {
			fmt.Fprintf(b, "@%p", e.Func)
		} else {
			b.WriteString(e.Func.identity)
		}
	case *And, *Or, *Coalesce, *Case:
		fmt.Fprintf(b, "%T", e)
		if c, ok := e.(*Case); ok && c.Else == nil {
			b.WriteString("!")
		}
	case *In:
		fmt.Fprintf(b, "in %t %t", e.HasNull, e.Negated)
		for _, d := range e.List {
			b.WriteByte(',')
			writeDatumKey(b, d)
		}
	default:
		return false
	}
	b.WriteString(":" + e.Type().String())
	if c := e.Children(); len(c) > 0 {
		b.WriteByte('(')
		for i, a := range c {
			if i > 0 {
				b.WriteByte(',')
			}
			if !writeKey(b, a) {
				return false
			}
		}
		b.WriteByte(')')
	}
	return true
}

// writeDatumKey writes a value so that different values differ.
func writeDatumKey(b *strings.Builder, d types.Datum) {
	switch d.Physical() {
	case types.PhysNone:
		b.WriteString("null")
	case types.PhysString:
		b.WriteString(strconv.Quote(d.Str()))
	case types.PhysInt128:
		v := d.Int128()
		fmt.Fprintf(b, "w%d:%d", v.Hi, v.Lo)
	case types.PhysInterval:
		fmt.Fprintf(b, "i%v", d.Interval())
	default:
		b.WriteString(strconv.FormatInt(d.Int(), 10)) // of floats, the bits
	}
}
