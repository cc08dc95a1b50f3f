package fn

import (
	"strings"
	"unicode/utf8"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// likeFunctions are LIKE (~~), ILIKE (~~*) and their negations, with an optional escape character.
func likeFunctions() []overload {
	var out []overload
	for _, op := range []struct {
		name       string
		fold, want bool
	}{{"~~", false, true}, {"!~~", false, false}, {"~~*", true, true}, {"!~~*", true, false}} {
		for n := 2; n <= 3; n++ {
			args := []types.Kind{types.Text, types.Text, types.Text}[:n]
			out = append(out, overload{
				name: op.name, args: args, result: types.Bool, kernel: likeKernel(op.fold, op.want), prepare: prepareLike(op.fold, op.want),
			})
		}
	}
	return out
}

// likePattern is a compiled pattern: the segments between % signs, found one after the other.
type likePattern struct {
	segments []likeSegment
	// anchored at the start (end): the pattern does not begin (end) with %.
	anchoredStart, anchoredEnd bool
	fold                       bool
}

// likeSegment matches a run of characters. text has a byte 0xFF, which is in no
// UTF-8 text, for each _.
type likeSegment struct {
	text string
	any  bool // text has _
}

const anyRune = 0xFF

// compileLike parses a pattern; escape is a single character or "" for none.
func compileLike(pattern, escape string, fold bool) (*likePattern, error) {
	if utf8.RuneCountInString(escape) > 1 {
		return nil, sqlstate.New(sqlstate.InvalidEscapeSequence, "invalid escape string").
			WithHint("Escape string must be empty or one character.")
	}
	if fold {
		pattern, escape = strings.ToLower(pattern), strings.ToLower(escape)
	}
	p := &likePattern{anchoredStart: true, anchoredEnd: true, fold: fold}
	var seg []byte
	hasAny := false
	flush := func() {
		if len(seg) > 0 {
			p.segments = append(p.segments, likeSegment{text: string(seg), any: hasAny})
		}
		seg, hasAny = seg[:0], false
	}
	for i := 0; i < len(pattern); {
		switch {
		case escape != "" && strings.HasPrefix(pattern[i:], escape):
			i += len(escape)
			if i >= len(pattern) {
				return nil, sqlstate.New(sqlstate.InvalidEscapeSequence, "LIKE pattern must not end with escape character")
			}
			_, n := utf8.DecodeRuneInString(pattern[i:])
			seg = append(seg, pattern[i:i+n]...)
			i += n
			p.anchoredEnd = true
			continue
		case pattern[i] == '%':
			if len(p.segments) == 0 && len(seg) == 0 {
				p.anchoredStart = false
			}
			flush()
			p.anchoredEnd = false
		case pattern[i] == '_':
			seg = append(seg, anyRune)
			hasAny = true
			p.anchoredEnd = true
		default:
			seg = append(seg, pattern[i])
			p.anchoredEnd = true
		}
		i++
	}
	flush()
	return p, nil
}

// match reports whether s matches.
func (p *likePattern) match(s string) bool {
	if p.fold {
		s = strings.ToLower(s)
	}
	segs := p.segments
	if len(segs) == 0 {
		return !p.anchoredStart || s == "" // only % signs, or nothing at all
	}
	if p.anchoredStart {
		n := segs[0].matchPrefix(s)
		if n < 0 {
			return false
		}
		s, segs = s[n:], segs[1:]
		if len(segs) == 0 {
			return !p.anchoredEnd || s == ""
		}
	}
	last := len(segs)
	if p.anchoredEnd {
		last--
	}
	for _, g := range segs[:last] {
		from, n := g.find(s)
		if from < 0 {
			return false
		}
		s = s[from+n:]
	}
	if p.anchoredEnd {
		return segs[last].matchSuffix(s)
	}
	return true
}

// matchPrefix returns how many bytes at the start of s the segment takes, −1 if it does not match.
func (g *likeSegment) matchPrefix(s string) int {
	if !g.any {
		if strings.HasPrefix(s, g.text) {
			return len(g.text)
		}
		return -1
	}
	at := 0
	for i := 0; i < len(g.text); i++ {
		if at >= len(s) {
			return -1
		}
		if g.text[i] == anyRune {
			_, n := utf8.DecodeRuneInString(s[at:])
			at += n
			continue
		}
		if s[at] != g.text[i] {
			return -1
		}
		at++
	}
	return at
}

// find returns where the segment first matches and its length there, from −1 if nowhere.
func (g *likeSegment) find(s string) (from, n int) {
	if !g.any {
		return strings.Index(s, g.text), len(g.text)
	}
	for at := 0; at <= len(s); {
		if n := g.matchPrefix(s[at:]); n >= 0 {
			return at, n
		}
		_, size := utf8.DecodeRuneInString(s[at:])
		at += max(size, 1)
	}
	return -1, 0
}

// matchSuffix reports whether s ends with the segment.
func (g *likeSegment) matchSuffix(s string) bool {
	if !g.any {
		return strings.HasSuffix(s, g.text)
	}
	at := len(s)
	for i := len(g.text) - 1; i >= 0; i-- {
		if at <= 0 {
			return false
		}
		if g.text[i] == anyRune {
			_, n := utf8.DecodeLastRuneInString(s[:at])
			at -= n
			continue
		}
		at--
		if s[at] != g.text[i] {
			return false
		}
	}
	return true
}

// prepareLike compiles a constant pattern once.
func prepareLike(fold, want bool) func(consts []*vector.Vector) (Kernel, error) {
	return func(consts []*vector.Vector) (Kernel, error) {
		if consts[1] == nil || len(consts) == 3 && consts[2] == nil {
			return nil, nil
		}
		escape := `\`
		if len(consts) == 3 {
			escape = consts[2].Str[0]
		}
		p, err := compileLike(consts[1].Str[0], escape, fold)
		if err != nil {
			return nil, err
		}
		hit := b2u(want)
		return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
			a, m, r := args[0].Str, step(args[0]), out.Bool
			if sel == nil {
				for i := range r[:n] {
					r[i] = b2u(p.match(a[i&m])) ^ hit ^ 1
				}
				return nil
			}
			for _, i := range sel {
				r[i] = b2u(p.match(a[int(i)&m])) ^ hit ^ 1
			}
			return nil
		}, nil
	}
}

// likeKernel is for patterns that vary; the last one is kept compiled.
func likeKernel(fold, want bool) Kernel {
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		var last *likePattern
		lastPattern, lastEscape := "", ""
		ms, mp := step(args[0]), step(args[1])
		return eachRow(sel, n, func(i int) error {
			pattern, escape := args[1].Str[i&mp], `\`
			if len(args) == 3 {
				escape = args[2].Str[i&step(args[2])]
			}
			if last == nil || pattern != lastPattern || escape != lastEscape {
				p, err := compileLike(pattern, escape, fold)
				if err != nil {
					return err
				}
				last, lastPattern, lastEscape = p, pattern, escape
			}
			out.Bool[i] = b2u(last.match(args[0].Str[i&ms]) == want)
			return nil
		})
	}
}
