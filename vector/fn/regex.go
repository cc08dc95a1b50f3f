package fn

import (
	"regexp"
	"strings"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// regexFunctions are the operators ~ ~* !~ !~* and functions over regular
// expressions; translateRegex says what is understood.
func regexFunctions() []overload {
	const txt, i4 = types.Text, types.Int4
	kinds := func(k ...types.Kind) []types.Kind { return k }
	var out []overload
	for _, op := range []struct {
		name, flags string
		want        bool
	}{{"~", "", true}, {"~*", "i", true}, {"!~", "", false}, {"!~*", "i", false}} {
		out = append(out, regexOverload(overload{name: op.name, args: kinds(txt, txt), result: types.Bool},
			func(_ *Context, c *regexCache, a []*vector.Vector, i int, out *vector.Vector) error {
				re, err := c.match(text(a[1], i), op.flags)
				if err == nil {
					out.Bool[i] = b2u(re.MatchString(text(a[0], i)) == op.want)
				}
				return err
			}))
	}
	like := func(_ *Context, c *regexCache, a []*vector.Vector, i int, out *vector.Vector) error {
		flags := optional(a, 2, i)
		if strings.Contains(flags, "g") {
			return sqlstate.New(sqlstate.InvalidParameterValue, "regexp_like() does not support the \"global\" option")
		}
		re, err := c.match(text(a[1], i), flags)
		if err == nil {
			out.Bool[i] = b2u(re.MatchString(text(a[0], i)))
		}
		return err
	}
	count := func(_ *Context, c *regexCache, a []*vector.Vector, i int, out *vector.Vector) error {
		re, err := c.find(text(a[1], i), "")
		if err == nil {
			out.I32[i] = int32(len(re.FindAllStringIndex(text(a[0], i), -1)))
		}
		return err
	}
	first := func(_ *Context, c *regexCache, a []*vector.Vector, i int, out *vector.Vector) error {
		re, err := c.find(text(a[1], i), "")
		if err != nil {
			return err
		}
		s := text(a[0], i)
		m := re.FindStringSubmatchIndex(s)
		switch {
		case m == nil || len(m) > 2 && m[2] < 0:
			out.SetNull(i)
			out.Str[i] = ""
		case len(m) > 2: // the first group, if there is one
			out.Str[i] = s[m[2]:m[3]]
		default:
			out.Str[i] = s[m[0]:m[1]]
		}
		return nil
	}
	whole := func(_ *Context, c *regexCache, a []*vector.Vector, i int, out *vector.Vector) error {
		re, err := c.find(text(a[1], i), "")
		if err != nil {
			return err
		}
		s := text(a[0], i)
		m := re.FindStringIndex(s)
		if m == nil {
			out.SetNull(i)
			out.Str[i] = ""
			return nil
		}
		out.Str[i] = s[m[0]:m[1]]
		return nil
	}
	return append(out,
		regexOverload(overload{name: "regexp_like", args: kinds(txt, txt), result: types.Bool}, like),
		regexOverload(overload{name: "regexp_like", args: kinds(txt, txt, txt), result: types.Bool}, like),
		regexOverload(overload{name: "regexp_count", args: kinds(txt, txt), result: i4}, count),
		regexOverload(overload{name: "regexp_substr", args: kinds(txt, txt), result: txt, bound: noBound}, whole),
		regexOverload(overload{name: "substring", args: kinds(txt, txt), result: txt, bound: noBound}, first),
		regexOverload(overload{name: "regexp_replace", args: kinds(txt, txt, txt), result: txt, bound: ownBound}, regexReplace),
		regexOverload(overload{name: "regexp_replace", args: kinds(txt, txt, txt, txt), result: txt, bound: ownBound}, regexReplace),
		overload{name: "similar_to_escape", args: kinds(txt), result: txt, bound: timesBytes(8), kernel: try1(func(p string) (string, error) { return similarPattern(p, `\`) })},
		overload{name: "similar_to_escape", args: kinds(txt, txt), result: txt, bound: timesBytes(8), kernel: try2(similarPattern)})
}

// text is row i of a flat or constant text column.
func text(v *vector.Vector, i int) string { return v.Str[i&step(v)] }

// optional is argument k, or "" if there is none.
func optional(args []*vector.Vector, k, i int) string {
	if k >= len(args) {
		return ""
	}
	return text(args[k], i)
}

// regexOverload completes o with a kernel that calls f for every row; the cache
// of compiled patterns lives as long as the evaluator's kernel.
func regexOverload(o overload, f func(ctx *Context, c *regexCache, args []*vector.Vector, i int, out *vector.Vector) error) overload {
	run := func(c *regexCache) Kernel {
		return func(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
			return eachRow(sel, n, func(i int) error { return f(ctx, c, args, i, out) })
		}
	}
	o.prepare = func([]*vector.Vector) (Kernel, error) { return run(&regexCache{}), nil }
	o.kernel = func(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		return run(&regexCache{})(ctx, args, sel, n, out)
	}
	return o
}

// maxCachedRegexes bounds the compiled patterns of one call.
const maxCachedRegexes = 64

// regexCache holds compiled patterns; the last one is found without hashing.
type regexCache struct {
	pattern, flags string
	last           *regexp.Regexp
	all            map[[2]string]*regexp.Regexp
}

// match returns a pattern that tells whether there is a match.
func (c *regexCache) match(pattern, flags string) (*regexp.Regexp, error) {
	return c.get(pattern, flags, false)
}

// find returns a pattern that finds the match which PostgreSQL finds.
func (c *regexCache) find(pattern, flags string) (*regexp.Regexp, error) {
	return c.get(pattern, flags, true)
}

// get serves match and find; one cache is asked for one of the two only.
func (c *regexCache) get(pattern, flags string, longest bool) (*regexp.Regexp, error) {
	if c.last != nil && c.pattern == pattern && c.flags == flags {
		return c.last, nil
	}
	key := [2]string{pattern, flags}
	re := c.all[key]
	if re == nil {
		var err error
		if re, err = compileRegex(pattern, flags, longest); err != nil {
			return nil, err
		}
		if c.all == nil || len(c.all) >= maxCachedRegexes {
			c.all = map[[2]string]*regexp.Regexp{}
		}
		c.all[key] = re
	}
	c.pattern, c.flags, c.last = pattern, flags, re
	return re, nil
}

// regexReplace is regexp_replace: the first match, or all with flag g. In the
// replacement \1 to \9 are groups, \& is the match and \\ a backslash.
func regexReplace(ctx *Context, c *regexCache, a []*vector.Vector, i int, out *vector.Vector) error {
	flags := optional(a, 3, i)
	re, err := c.find(text(a[1], i), flags)
	if err != nil {
		return err
	}
	limit := 1
	if strings.Contains(flags, "g") {
		limit = -1
	}
	s, repl := text(a[0], i), text(a[2], i)
	matches, taken, err := findMatches(ctx, re, s, limit)
	if err != nil {
		return err
	}
	b := textBuilder{ctx: ctx}
	at := 0
	for _, m := range matches {
		b.WriteString(s[at:m[0]])
		expandReplacement(&b, repl, s, m)
		at = m[1]
	}
	b.WriteString(s[at:])
	ctx.text.giveBack(taken)
	out.Str[i], err = b.String()
	return err
}

// firstMatches is how many matches are looked for at first.
const firstMatches = 1 << 10

// findMatches returns the first limit matches, all if limit is negative, with
// what they were charged. As their number is not known, it looks for four times as many
// again and again, each time charged before.
func findMatches(ctx *Context, re *regexp.Regexp, s string, limit int) (matches [][]int, taken int64, err error) {
	if limit >= 0 || len(s) < firstMatches {
		return re.FindAllStringSubmatchIndex(s, limit), 0, nil
	}
	each := int64(64 + 16*(re.NumSubexp()+1))
	for n := firstMatches; ; n *= 4 {
		if err := ctx.interrupted(); err != nil {
			return nil, 0, err
		}
		need := int64(min(n, len(s)+1)) * each
		if err := ctx.text.take(need); err != nil {
			return nil, 0, err
		}
		if matches = re.FindAllStringSubmatchIndex(s, n); len(matches) < n {
			return matches, need, nil
		}
		ctx.text.giveBack(need)
	}
}

func expandReplacement(b *textBuilder, repl, s string, m []int) {
	for k := 0; k < len(repl); k++ {
		if repl[k] != '\\' || k+1 == len(repl) {
			b.writeByte(repl[k])
			continue
		}
		k++
		group := -1
		switch c := repl[k]; {
		case c == '&':
			group = 0
		case c >= '1' && c <= '9':
			group = int(c - '0')
		default:
			b.writeByte(c)
			continue
		}
		if 2*group+1 < len(m) && m[2*group] >= 0 {
			b.WriteString(s[m[2*group]:m[2*group+1]])
		}
	}
}
