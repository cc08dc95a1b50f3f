package fn

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// textFunctions measure, cut and change texts. Positions and lengths count characters.
func textFunctions() []overload {
	const txt, i4 = types.Text, types.Int4
	kinds := func(k ...types.Kind) []types.Kind { return k }
	length := map1(func(s string) int32 { return int32(utf8.RuneCountInString(s)) })
	bytes := map1(func(s string) int32 { return int32(len(s)) })
	return []overload{
		{name: "length", args: kinds(txt), result: i4, total: true, kernel: length},
		{name: "char_length", args: kinds(txt), result: i4, total: true, kernel: length},
		{name: "character_length", args: kinds(txt), result: i4, total: true, kernel: length},
		{name: "length", args: kinds(types.Bytea), result: i4, total: true, kernel: bytes},
		{name: "octet_length", args: kinds(txt), result: i4, total: true, kernel: bytes},
		{name: "octet_length", args: kinds(types.Bytea), result: i4, total: true, kernel: bytes},
		{name: "bit_length", args: kinds(txt), result: i4, total: true, kernel: map1(func(s string) int32 { return int32(8 * len(s)) })},
		{name: "lower", args: kinds(txt), result: txt, total: true, kernel: map1(strings.ToLower)},
		{name: "upper", args: kinds(txt), result: txt, total: true, kernel: map1(strings.ToUpper)},
		{name: "initcap", args: kinds(txt), result: txt, total: true, kernel: map1(initcap)},
		{name: "reverse", args: kinds(txt), result: txt, total: true, kernel: map1(reverse)},
		{name: "substring", args: kinds(txt, i4), result: txt, bound: noBound, kernel: map2(substringFrom)},
		{name: "substr", args: kinds(txt, i4), result: txt, bound: noBound, kernel: map2(substringFrom)},
		{name: "substring", args: kinds(txt, i4, i4), result: txt, bound: noBound, kernel: try3(substring)},
		{name: "substr", args: kinds(txt, i4, i4), result: txt, bound: noBound, kernel: try3(substring)},
		{name: "left", args: kinds(txt, i4), result: txt, bound: noBound, kernel: map2(left)},
		{name: "right", args: kinds(txt, i4), result: txt, bound: noBound, kernel: map2(right)},
		{name: "position", args: kinds(txt, txt), result: i4, kernel: map2(strpos)},
		{name: "strpos", args: kinds(txt, txt), result: i4, kernel: map2(strpos)},
		{name: "starts_with", args: kinds(txt, txt), result: types.Bool, kernel: map2(func(s, p string) uint8 { return b2u(strings.HasPrefix(s, p)) })},
		{name: "^@", args: kinds(txt, txt), result: types.Bool, kernel: map2(func(s, p string) uint8 { return b2u(strings.HasPrefix(s, p)) })},
		{name: "replace", args: kinds(txt, txt, txt), result: txt, bound: rowBound(replacedBytes), kernel: replaceKernel},
		{name: "repeat", args: kinds(txt, i4), result: txt, bound: rowBound(repeatedBytes), kernel: withText(repeat)},
		{name: "translate", args: kinds(txt, txt, txt), result: txt, bound: timesBytes(utf8.UTFMax), kernel: try3(translate)},
		{name: "overlay", args: kinds(txt, txt, i4), result: txt, bound: timesBytes(2), kernel: try3(func(s, with string, from int32) (string, error) {
			return overlay(s, with, from, int32(utf8.RuneCountInString(with)))
		})},
		{name: "overlay", args: kinds(txt, txt, i4, i4), result: txt, bound: timesBytes(2), kernel: try4(overlay)},
		{name: "split_part", args: kinds(txt, txt, i4), result: txt, bound: noBound, kernel: try3(splitPart)},
		{name: "lpad", args: kinds(txt, i4), result: txt, bound: rowBound(paddedBytes), kernel: padKernel(true)},
		{name: "rpad", args: kinds(txt, i4), result: txt, bound: rowBound(paddedBytes), kernel: padKernel(false)},
		{name: "lpad", args: kinds(txt, i4, txt), result: txt, bound: rowBound(paddedBytes), kernel: padKernel(true)},
		{name: "rpad", args: kinds(txt, i4, txt), result: txt, bound: rowBound(paddedBytes), kernel: padKernel(false)},
		{name: "ascii", args: kinds(txt), result: i4, kernel: map1(func(s string) int32 {
			if s == "" {
				return 0
			}
			r, _ := utf8.DecodeRuneInString(s)
			return r
		})},
		{name: "chr", args: kinds(i4), result: txt, kernel: try1(chr)},
	}
}

// trimFunctions are trim, ltrim, rtrim and btrim with an optional set of characters.
func trimFunctions() []overload {
	const txt = types.Text
	var out []overload
	for name, f := range map[string]func(s, set string) string{
		"trim": strings.Trim, "btrim": strings.Trim, "ltrim": strings.TrimLeft, "rtrim": strings.TrimRight,
	} {
		out = append(out,
			overload{name: name, args: []types.Kind{txt}, result: txt, total: true, bound: noBound, kernel: map1(func(s string) string { return f(s, " ") })},
			overload{name: name, args: []types.Kind{txt, txt}, result: txt, total: true, bound: noBound, kernel: map2(f)})
	}
	return out
}

// initcap capitalizes the first letter of every word of letters and digits.
func initcap(s string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			inWord = false
			return r
		}
		if inWord {
			return unicode.ToLower(r)
		}
		inWord = true
		return unicode.ToUpper(r)
	}, s)
}

func reverse(s string) string {
	b := make([]byte, len(s))
	for at := len(s); s != ""; {
		_, n := utf8.DecodeRuneInString(s)
		at -= n
		copy(b[at:], s[:n])
		s = s[n:]
	}
	return string(b)
}

// offset is the byte position of character n (from 0), len(s) if there are fewer.
func offset(s string, n int) int {
	if n <= 0 {
		return 0
	}
	if n >= len(s) {
		return len(s)
	}
	at := 0
	for ; n > 0 && at < len(s); n-- {
		if s[at] < utf8.RuneSelf {
			at++
			continue
		}
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return at
}

func substringFrom(s string, from int32) string { return s[offset(s, int(from)-1):] }

// substring is the part of s from character from (1 is the first) of length n;
// what lies before the first character counts but gives nothing.
func substring(s string, from, n int32) (string, error) {
	if n < 0 {
		return "", sqlstate.New(sqlstate.SubstringError, "negative substring length not allowed")
	}
	start, end := int(from)-1, int(from)-1+int(n)
	if end <= 0 {
		return "", nil
	}
	start = max(start, 0)
	s = s[offset(s, start):]
	return s[:offset(s, end-start)], nil
}

// left is the first n characters, or all but the last −n.
func left(s string, n int32) string {
	if n < 0 {
		n = int32(max(0, utf8.RuneCountInString(s)+int(n)))
	}
	return s[:offset(s, int(n))]
}

// right is the last n characters, or all but the first −n.
func right(s string, n int32) string {
	skip := -int(n)
	if n >= 0 {
		skip = max(0, utf8.RuneCountInString(s)-int(n))
	}
	return s[offset(s, skip):]
}

// strpos is the character position of the first sub in s, 0 if there is none.
func strpos(s, sub string) int32 {
	at := strings.Index(s, sub)
	if at < 0 {
		return 0
	}
	return int32(utf8.RuneCountInString(s[:at])) + 1
}

// replaceKernel is replace(s, from, to).
func replaceKernel(ctx *Context, a []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	return eachRow(sel, n, func(i int) (err error) {
		out.Str[i], err = replaceAll(ctx, text(a[0], i), text(a[1], i), text(a[2], i))
		return err
	})
}

func replaceAll(ctx *Context, s, from, to string) (string, error) {
	if from == "" {
		return s, nil
	}
	found := strings.Count(s, from)
	size := len(s) + found*(len(to)-len(from))
	switch {
	case size > maxTextBytes:
		return "", tooLong()
	case max(size, len(s)) <= pieceBytes:
		return strings.ReplaceAll(s, from, to), nil
	}
	b := newTextBuilder(ctx, int64(size))
	for ; found > 0 && b.err == nil; found-- {
		at := strings.Index(s, from)
		b.WriteString(s[:at])
		b.WriteString(to)
		s = s[at+len(from):]
		if found%pieceRows == 0 {
			b.err = ctx.interrupted()
		}
	}
	b.WriteString(s)
	return b.String()
}

// pieceRows is after how many small steps of one text its statement may be canceled.
const pieceRows = 1 << 14

func repeat(ctx *Context, s string, n int32) (string, error) {
	if n <= 0 || s == "" {
		return "", nil
	}
	switch size := int64(n) * int64(len(s)); {
	case size > maxTextBytes:
		return "", tooLong()
	case size <= pieceBytes:
		return strings.Repeat(s, int(n)), nil
	default:
		b := newTextBuilder(ctx, size)
		b.repeat(s, int(n))
		return b.String()
	}
}

// translate replaces each character of from by the one at its place in to; those beyond to are dropped.
func translate(s, from, to string) (string, error) {
	f, t := []rune(from), []rune(to)
	return strings.Map(func(r rune) rune {
		for i, c := range f {
			if c != r {
				continue
			}
			if i < len(t) {
				return t[i]
			}
			return -1
		}
		return r
	}, s), nil
}

// overlay replaces n characters of s from position from; a negative n repeats
// those before it.
func overlay(s, with string, from, n int32) (string, error) {
	if from <= 0 {
		return "", sqlstate.New(sqlstate.SubstringError, "negative substring length not allowed")
	}
	if int64(from)+int64(n) > math.MaxInt32 {
		return "", sqlstate.New(sqlstate.NumericValueOutOfRange, "integer out of range")
	}
	end := offset(s, max(int(from)-1+int(n), 0))
	return s[:offset(s, int(from)-1)] + with + s[end:], nil
}

// splitPart is the n-th field of s, counted from the end if n is negative.
func splitPart(s, sep string, n int32) (string, error) {
	if n == 0 {
		return "", sqlstate.New(sqlstate.InvalidParameterValue, "field position must not be zero")
	}
	fields := []string{s}
	if sep != "" && s != "" {
		fields = strings.Split(s, sep)
	}
	i := int(n) - 1
	if n < 0 {
		i = len(fields) + int(n)
	}
	if i < 0 || i >= len(fields) {
		return "", nil
	}
	return fields[i], nil
}

// padKernel is lpad and rpad, with blanks if there is no third argument.
func padKernel(atLeft bool) Kernel {
	return func(ctx *Context, a []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		width, m := a[1].I32, step(a[1])
		return eachRow(sel, n, func(i int) (err error) {
			fill := " "
			if len(a) > 2 {
				fill = text(a[2], i)
			}
			out.Str[i], err = pad(ctx, text(a[0], i), width[i&m], fill, atLeft)
			return err
		})
	}
}

// pad fills s with copies of fill to n characters, or cuts it.
func pad(ctx *Context, s string, n int32, fill string, atLeft bool) (string, error) {
	if n <= 0 {
		return "", nil
	}
	have := utf8.RuneCountInString(s)
	if have >= int(n) {
		return s[:offset(s, int(n))], nil
	}
	if fill == "" {
		return s, nil
	}
	if int64(n)*utf8.UTFMax > maxTextBytes {
		return "", tooLong()
	}
	missing := int(n) - have
	per := utf8.RuneCountInString(fill)
	rest := fill[:offset(fill, missing%per)]
	size := len(s) + missing/per*len(fill) + len(rest)
	b := newTextBuilder(ctx, int64(size))
	if !atLeft {
		b.WriteString(s)
	}
	b.repeat(fill, missing/per)
	b.WriteString(rest)
	if atLeft {
		b.WriteString(s)
	}
	return b.String()
}

func chr(code int32) (string, error) {
	switch {
	case code == 0:
		return "", sqlstate.New(sqlstate.ProgramLimitExceeded, "null character not permitted")
	case code < 0:
		return "", sqlstate.New(sqlstate.InvalidParameterValue, "character number must be positive")
	case !utf8.ValidRune(code):
		return "", sqlstate.New(sqlstate.ProgramLimitExceeded, "requested character too large for encoding: %d", code)
	}
	return string(code), nil
}
