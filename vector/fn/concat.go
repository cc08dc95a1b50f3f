package fn

import (
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// concatFunctions join values of any type, and format.
func concatFunctions() []overload {
	const txt = types.Text
	return []overload{
		{name: "||", args: []types.Kind{txt, txt}, result: txt, bound: sumBound, kernel: concatText},
		{name: "||", args: []types.Kind{types.Bytea, types.Bytea}, result: types.Bytea, bound: sumBound, kernel: concatText},
		{name: "||", args: []types.Kind{txt, anyKind}, result: txt, vol: Stable, bound: joinedBytes(false), bind: bindConcatOperator},
		{name: "||", args: []types.Kind{anyKind, txt}, result: txt, vol: Stable, bound: joinedBytes(false), bind: bindConcatOperator},
		{name: "concat", args: []types.Kind{anyKind}, variadic: true, result: txt, nullable: true, vol: Stable, bound: joinedBytes(false), kernel: concatAll},
		{name: "concat_ws", args: []types.Kind{txt, anyKind}, variadic: true, result: txt, nullable: true, vol: Stable, bound: joinedBytes(true), kernel: concatWith},
		{name: "format", args: []types.Kind{txt, anyKind}, variadic: true, result: txt, nullable: true, vol: Stable, bound: ownBound, kernel: formatText},
	}
}

var concatText = withText(func(ctx *Context, a, b string) (string, error) {
	size := len(a) + len(b)
	switch {
	case size > maxTextBytes:
		return "", tooLong()
	case size <= 16*pieceBytes:
		return a + b, nil
	}
	t := newTextBuilder(ctx, int64(size))
	t.WriteString(a)
	t.WriteString(b)
	return t.String()
})

// bindConcatOperator is || of a text and a value of another type.
func bindConcatOperator(b *binding) error {
	b.Kernel = concatAll
	if b.Args[0].Kind == types.Bool || b.Args[1].Kind == types.Bool {
		b.Kernel = concatBool
	}
	return nil
}

// concatBool is || of a text and a boolean, which it writes as the cast to text
// does, in full.
func concatBool(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	return eachText(ctx, sel, n, out, func(buf []byte, st *types.TextStyle, i int) ([]byte, bool, error) {
		for _, a := range args {
			if a.Type.Kind == types.Bool {
				buf = strconv.AppendBool(buf, a.Datum(i).Bool())
			} else {
				buf = appendValue(buf, a, i, st)
			}
		}
		return buf, true, nil
	})
}

// appendValue appends row i of v as its type's output text.
func appendValue(dst []byte, v *vector.Vector, i int, st *types.TextStyle) []byte {
	return st.Append(dst, v.Datum(i), v.Type)
}

// handOver is from which length on a text takes its buffer with it.
const handOver = 64 << 10

// eachText calls f with a reused buffer for every row and stores what it returns; ok
// false is NULL. The rows' bounds have been charged.
func eachText(ctx *Context, sel []int32, n int, out *vector.Vector, f func(buf []byte, st *types.TextStyle, i int) ([]byte, bool, error)) error {
	st, err := ctx.TextStyle()
	if err != nil {
		return err
	}
	var buf []byte
	return eachRow(sel, n, func(i int) error {
		b, ok, err := f(buf[:0], st, i)
		switch {
		case err != nil:
			return err
		case len(b) > maxTextBytes:
			return tooLong()
		case len(b) > handOver:
			out.Str[i], buf = unsafe.String(&b[0], len(b)), nil
		default:
			out.Str[i], buf = string(b), b
		}
		if !ok {
			out.SetNull(i)
		}
		return nil
	})
}

// withRoom is a buffer for the texts of the values of row i.
func withRoom(buf []byte, args []*vector.Vector, i int, separated bool) []byte {
	size := joinedBytes(separated).row(args, i)
	if size <= handOver || int64(cap(buf)) >= size {
		return buf
	}
	return make([]byte, 0, min(size, maxTextBytes+1))
}

// concatAll joins the arguments that are not NULL.
func concatAll(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	return eachText(ctx, sel, n, out, func(buf []byte, st *types.TextStyle, i int) ([]byte, bool, error) {
		buf = withRoom(buf, args, i, false)
		for _, a := range args {
			buf = appendValue(buf, a, i, st)
		}
		return buf, true, nil
	})
}

// concatWith joins the arguments after the first that are not NULL, the first between them.
func concatWith(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	return eachText(ctx, sel, n, out, func(buf []byte, st *types.TextStyle, i int) ([]byte, bool, error) {
		if args[0].IsNull(i) {
			return buf, false, nil
		}
		first := true
		buf = withRoom(buf, args, i, true)
		for _, a := range args[1:] {
			if a.IsNull(i) {
				continue
			}
			if !first {
				buf = appendValue(buf, args[0], i, st)
			}
			first = false
			buf = appendValue(buf, a, i, st)
		}
		return buf, true, nil
	})
}

// formatText is format(): %s text, %I identifier, %L literal, %% percent; n$ picks
// an argument, a width pads (left-justified with -).
func formatText(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	return eachText(ctx, sel, n, out, func(buf []byte, st *types.TextStyle, i int) ([]byte, bool, error) {
		if args[0].IsNull(i) {
			return buf, false, nil
		}
		f := args[0].Datum(i).Str()
		next := 1
		for f != "" {
			at := strings.IndexByte(f, '%')
			if at < 0 {
				return append(buf, f...), true, nil
			}
			buf = append(buf, f[:at]...)
			f = f[at+1:]
			if strings.HasPrefix(f, "%") {
				buf, f = append(buf, '%'), f[1:]
				continue
			}
			spec, rest, err := parseFormatSpec(f)
			if err != nil {
				return buf, false, err
			}
			f = rest
			if spec.arg > 0 {
				next = spec.arg
			}
			if next >= len(args) {
				return buf, false, sqlstate.New(sqlstate.InvalidParameterValue, "too few arguments for format()")
			}
			if buf, err = spec.append(ctx, buf, args[next], i, st); err != nil {
				return buf, false, err
			}
			next++
		}
		return buf, true, nil
	})
}

// formatSpec is one specifier of format().
type formatSpec struct {
	arg, width int
	left       bool
	verb       byte
}

func parseFormatSpec(f string) (s formatSpec, rest string, err error) {
	number := func() (n int, ok bool) {
		i := 0
		for i < len(f) && i < 8 && f[i] >= '0' && f[i] <= '9' {
			i++
		}
		n, _ = strconv.Atoi(f[:i])
		f = f[i:]
		return n, i > 0
	}
	if n, ok := number(); ok {
		if strings.HasPrefix(f, "$") {
			if s.arg, f = n, f[1:]; n == 0 {
				return s, f, sqlstate.New(sqlstate.InvalidParameterValue, "format specifies argument 0, but arguments are numbered from 1")
			}
		} else {
			s.width = n
		}
	}
	for strings.HasPrefix(f, "-") {
		s.left, f = true, f[1:]
	}
	if s.width == 0 {
		s.width, _ = number()
	}
	if f == "" {
		return s, f, sqlstate.New(sqlstate.InvalidParameterValue, "unterminated format() type specifier")
	}
	s.verb = f[0]
	if s.verb != 's' && s.verb != 'I' && s.verb != 'L' {
		return s, f, sqlstate.New(sqlstate.InvalidParameterValue, "unrecognized format() type specifier \"%c\"", s.verb)
	}
	return s, f[1:], nil
}

// append writes one value, charged before it is written: a specifier may name the
// same argument again and again, and a width makes blanks of nothing.
func (s formatSpec) append(ctx *Context, buf []byte, v *vector.Vector, i int, st *types.TextStyle) ([]byte, error) {
	charge, before := 2*valueBytes(v, i)+int64(s.width), len(buf)
	if err := ctx.text.take(charge); err != nil {
		return buf, err
	}
	text := ""
	if v.IsNull(i) {
		if s.verb == 'I' {
			return buf, sqlstate.New(sqlstate.NullValueNotAllowed, "null values cannot be formatted as an SQL identifier")
		}
		if s.verb == 'L' {
			text = "NULL"
		}
	} else {
		text = string(appendValue(nil, v, i, st))
		switch s.verb {
		case 'I':
			text = quoteIdent(text)
		case 'L':
			text = quoteLiteral(text)
		}
	}
	if len(buf)+len(text)+s.width > maxTextBytes {
		return buf, tooLong()
	}
	fill := s.width - utf8.RuneCountInString(text)
	if !s.left {
		buf = appendBlanks(buf, fill)
	}
	buf = append(buf, text...)
	if s.left {
		buf = appendBlanks(buf, fill)
	}
	written := len(buf) - before
	if ctx.text.giveBack(charge - int64(written)); written > pieceBytes {
		return buf, ctx.interrupted()
	}
	return buf, nil
}

func appendBlanks(buf []byte, n int) []byte {
	for ; n > 0; n-- {
		buf = append(buf, ' ')
	}
	return buf
}

// quoteIdent quotes an identifier unless it is lower-case letters, digits and _.
func quoteIdent(s string) string {
	plain := s != "" && (s[0] >= 'a' && s[0] <= 'z' || s[0] == '_')
	for i := 0; i < len(s) && plain; i++ {
		c := s[i]
		plain = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_'
	}
	if plain && !reservedWords[s] {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// reservedWords need quotes as identifiers.
var reservedWords = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast
		char character check coalesce collate collation column concurrently constraint create cross current_catalog current_date current_role
		current_schema current_time current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists extract
		false fetch float for foreign freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect
		interval into is isnull join lateral leading least left like limit localtime localtimestamp national natural nchar none not notnull null
		nullif numeric offset on only or order out outer overlaps overlay placing position precision primary real references returning right row
		select session_user setof similar smallint some substring symmetric table tablesample then time timestamp to trailing treat trim true
		union unique user using values varchar variadic verbose when where window with`) {
		m[w] = true
	}
	return m
}()

// quoteLiteral quotes a text as a SQL literal, with E” if it has backslashes.
func quoteLiteral(s string) string {
	q := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return "E" + strings.ReplaceAll(q, `\`, `\\`)
	}
	return q
}
