package types

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"htapdb/sql/sqlstate"
)

// JSONLimits is how the reading of long JSON texts is bounded. Either may be nil.
type JSONLimits struct {
	// Take charges memory before it is made; a negative number gives it back.
	Take func(bytes int64) error
	// Interrupted is asked every 64 KiB of text.
	Interrupted func() error
}

const (
	// maxJSONDepth is how deep arrays and objects nest. Each level is a call.
	maxJSONDepth = 10_000
	// jsonLookBytes is how much text is read between two looks for a cancel: about
	// 0.2 ms.
	jsonLookBytes = 64 << 10
	// jsonMemberBytes is what a member of an object takes while the object is read.
	jsonMemberBytes = 32
)

// jsonReader reads one JSON value by recursive descent and writes its normal form
// as it goes: no tree is made of it. Only an object's members are put in order
// when it ends, within what has been written.
type jsonReader struct {
	s      string
	at     int
	depth  int
	looked int // at when it was last asked whether to go on
	limits JSONLimits
	// build says that the normal form is wanted, and escapes that are no text refused.
	build bool
	out   []byte
	// members are those of the objects that are open, of inner ones behind those of outer ones.
	members []jsonMember
	// charged is what was taken for members and scratch memory; out has its capacity.
	charged int64
}

// jsonMember is a member of an object: its key without escapes, and where its
// text is in out.
type jsonMember struct {
	key      string
	from, to int
}

// CheckJSONWithin is CheckJSON for texts that may be long.
func CheckJSONWithin(s string, limits JSONLimits) error {
	r := jsonReader{s: s, limits: limits}
	return r.document()
}

// NormalizeJSONWithin is NormalizeJSON for texts that may be long. The memory of the
// result stays taken.
func NormalizeJSONWithin(s string, limits JSONLimits) (string, error) {
	r := jsonReader{s: s, limits: limits, build: true}
	err := r.room(len(s) + len(s)/8)
	if err == nil {
		err = r.document()
	}
	if r.limits.Take != nil {
		_ = r.limits.Take(-r.charged)
		if err != nil {
			_ = r.limits.Take(-int64(cap(r.out)))
		}
	}
	if err != nil {
		return "", err
	}
	return unsafe.String(unsafe.SliceData(r.out), len(r.out)), nil // nobody writes to out any more
}

// EachJSON calls f with the members of an object, or the elements of an array,
// whose keys are empty; value is a part of s. It ends when f returns false. kind is
// the byte that s begins with: '{', '[', or that of a scalar, which has neither.
func EachJSON(s string, limits JSONLimits, f func(key, value string) bool) (kind byte, err error) {
	r := jsonReader{s: s, limits: limits}
	r.blanks()
	kind = r.next()
	if kind != '{' && kind != '[' {
		return kind, nil
	}
	r.at++
	err = r.list(kind+2, func() error { // ']' and '}' come two after '[' and '{'
		key := ""
		if kind == '{' {
			var err error
			if key, err = r.key(); err != nil {
				return err
			}
		}
		from := r.at
		if err := r.value(); err != nil {
			return err
		}
		if !f(key, s[from:r.at]) {
			return errEnough
		}
		return nil
	})
	if err == errEnough {
		err = nil
	}
	return kind, err
}

// errEnough ends EachJSON early.
var errEnough = errors.New("enough")

// JSONString returns what a JSON string, in its quotes, stands for.
func JSONString(s string, limits JSONLimits) (string, error) {
	r := jsonReader{s: s, limits: limits}
	return r.text()
}

// document reads a text that is one value.
func (r *jsonReader) document() error {
	r.blanks()
	if err := r.value(); err != nil {
		return err
	}
	if r.blanks(); r.at < len(r.s) {
		return r.invalid()
	}
	return nil
}

func (r *jsonReader) invalid() error {
	return sqlstate.New(sqlstate.InvalidTextRepresentation, "invalid input syntax for type json").
		WithDetail("The value is \"%s\".", shorten(r.s))
}

// take charges bytes of members and scratch memory.
func (r *jsonReader) take(bytes int64) error {
	if r.limits.Take == nil {
		return nil
	}
	if err := r.limits.Take(bytes); err != nil {
		return err
	}
	r.charged += bytes
	return nil
}

// look asks every jsonLookBytes of text whether to go on.
func (r *jsonReader) look() error {
	if r.at-r.looked < jsonLookBytes || r.limits.Interrupted == nil {
		return nil
	}
	r.looked = r.at
	return r.limits.Interrupted()
}

// room makes the next n bytes of out fit.
func (r *jsonReader) room(n int) error {
	need := len(r.out) + n
	if need <= cap(r.out) {
		return nil
	}
	size := max(need, min(2*cap(r.out), cap(r.out)+64<<20))
	if r.limits.Take != nil {
		if err := r.limits.Take(int64(size)); err != nil {
			return err
		}
	}
	old := r.out
	r.out = append(make([]byte, 0, size), old...)
	if r.limits.Take != nil {
		_ = r.limits.Take(-int64(cap(old)))
	}
	return nil
}

// write appends text to out.
func (r *jsonReader) write(text string) error {
	if !r.build {
		return nil
	}
	if err := r.room(len(text)); err != nil {
		return err
	}
	r.out = append(r.out, text...)
	return nil
}

func (r *jsonReader) blanks() {
	for r.at < len(r.s) {
		switch r.s[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

// next is the byte at hand, 0 at the end.
func (r *jsonReader) next() byte {
	if r.at < len(r.s) {
		return r.s[r.at]
	}
	return 0
}

// value reads a value that begins here.
func (r *jsonReader) value() error {
	if err := r.look(); err != nil {
		return err
	}
	switch c := r.next(); {
	case c == '{':
		return r.nested(r.object)
	case c == '[':
		return r.nested(r.array)
	case c == '"':
		text, err := r.text()
		if err != nil || !r.build {
			return err
		}
		return r.writeText(text)
	case c == '-' || c >= '0' && c <= '9':
		return r.number()
	}
	for _, word := range []string{"null", "true", "false"} {
		if strings.HasPrefix(r.s[r.at:], word) {
			r.at += len(word)
			return r.write(word)
		}
	}
	return r.invalid()
}

// nested reads an array or object one level deeper.
func (r *jsonReader) nested(read func() error) error {
	if r.depth++; r.depth > maxJSONDepth {
		return sqlstate.New(sqlstate.StatementTooComplex, "stack depth limit exceeded").
			WithDetail("Arrays and objects of JSON nest at most %d deep.", maxJSONDepth)
	}
	r.at++
	err := read()
	r.depth--
	return err
}

// list reads the items between the brackets of an array or object, from behind the
// opening one to behind the closing one; item is at its first byte.
func (r *jsonReader) list(closing byte, item func() error) error {
	if r.blanks(); r.next() == closing {
		r.at++
		return nil
	}
	for first := true; ; first = false {
		if !first {
			if err := r.write(", "); err != nil {
				return err
			}
		}
		r.blanks()
		if err := item(); err != nil {
			return err
		}
		r.blanks()
		c := r.next()
		r.at++
		if c == closing {
			return nil
		}
		if c != ',' {
			return r.invalid()
		}
	}
}

func (r *jsonReader) array() error {
	if err := r.write("["); err != nil {
		return err
	}
	if err := r.list(']', r.value); err != nil {
		return err
	}
	return r.write("]")
}

func (r *jsonReader) object() error {
	if err := r.write("{"); err != nil {
		return err
	}
	first := len(r.members)
	if err := r.list('}', r.member); err != nil {
		return err
	}
	if err := r.order(first); err != nil {
		return err
	}
	r.members = r.members[:first]
	return r.write("}")
}

// key reads a member's key and the colon, up to the value.
func (r *jsonReader) key() (string, error) {
	if r.next() != '"' {
		return "", r.invalid()
	}
	key, err := r.text()
	if err != nil {
		return "", err
	}
	if r.blanks(); r.next() != ':' {
		return "", r.invalid()
	}
	r.at++
	r.blanks()
	return key, nil
}

// member reads a key and its value.
func (r *jsonReader) member() error {
	key, err := r.key()
	if err != nil {
		return err
	}
	from := len(r.out)
	if r.build {
		if err := r.writeText(key); err != nil {
			return err
		}
	}
	if err := r.write(": "); err != nil {
		return err
	}
	if err := r.value(); err != nil || !r.build {
		return err
	}
	if len(r.members) == cap(r.members) {
		if err := r.take(int64(max(cap(r.members), 4)) * jsonMemberBytes); err != nil {
			return err
		}
		r.members = slices.Grow(r.members, max(cap(r.members), 4))
	}
	r.members = append(r.members, jsonMember{key, from, len(r.out)})
	return nil
}

// compareKeys is JSONB's order of keys: by length, then by bytes.
func compareKeys(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// order puts the members of the object that ends here in order, those from first
// on; of equal keys the last one stays.
func (r *jsonReader) order(first int) error {
	if !r.build || len(r.members) == first {
		return nil
	}
	m := r.members[first:]
	if slices.IsSortedFunc(m, func(a, b jsonMember) int {
		if c := compareKeys(a.key, b.key); c != 0 {
			return c
		}
		return -1 // equal ones are out of order, too
	}) {
		return nil
	}
	start := m[0].from
	scratch := int64(len(m))*jsonMemberBytes + int64(len(r.out)-start)
	if err := r.take(scratch); err != nil {
		return err
	}
	sorted, err := r.sort(m)
	if err != nil {
		return err
	}
	text := make([]byte, 0, len(r.out)-start)
	for i, e := range sorted {
		if i+1 < len(sorted) && sorted[i+1].key == e.key {
			continue
		}
		if len(text) > 0 {
			text = append(text, ", "...)
		}
		text = append(text, r.out[e.from:e.to]...)
	}
	r.out = append(r.out[:start], text...)
	return r.take(-scratch)
}

// jsonSortRun is how many members are sorted between two looks for a cancel: 2 ms.
const jsonSortRun = 16 << 10

// sort sorts members by key, equal ones in their order: runs that are merged, so
// that it can be interrupted. The result may be other memory than m.
func (r *jsonReader) sort(m []jsonMember) ([]jsonMember, error) {
	byKey := func(a, b jsonMember) int { return compareKeys(a.key, b.key) }
	for run := range slices.Chunk(m, jsonSortRun) {
		if r.limits.Interrupted != nil && len(m) > jsonSortRun {
			if err := r.limits.Interrupted(); err != nil {
				return nil, err
			}
		}
		slices.SortStableFunc(run, byKey)
	}
	var other []jsonMember
	if len(m) > jsonSortRun {
		other = make([]jsonMember, len(m))
	}
	for width := jsonSortRun; width < len(m); width *= 2 {
		for low := 0; low < len(m); low += 2 * width {
			mid, high := min(low+width, len(m)), min(low+2*width, len(m))
			a, b := low, mid
			for k := low; k < high; k++ {
				if k%jsonSortRun == 0 && r.limits.Interrupted != nil {
					if err := r.limits.Interrupted(); err != nil {
						return nil, err
					}
				}
				if a < mid && (b == high || byKey(m[a], m[b]) <= 0) {
					other[k] = m[a]
					a++
				} else {
					other[k] = m[b]
					b++
				}
			}
		}
		m, other = other, m
	}
	return m, nil
}

// number reads a number.
func (r *jsonReader) number() error {
	from := r.at
	digits := func() bool {
		began := r.at
		for c := r.next(); c >= '0' && c <= '9'; c = r.next() {
			r.at++
		}
		return r.at > began
	}
	if r.next() == '-' {
		r.at++
	}
	if r.next() == '0' {
		r.at++
	} else if !digits() {
		return r.invalid()
	}
	if r.next() == '.' {
		if r.at++; !digits() {
			return r.invalid()
		}
	}
	if c := r.next(); c == 'e' || c == 'E' {
		r.at++
		if c := r.next(); c == '+' || c == '-' {
			r.at++
		}
		if !digits() {
			return r.invalid()
		}
	}
	if !r.build {
		return nil
	}
	return r.write(plainNumber(r.s[from:r.at]))
}

// specialByte is the position of the first byte that cannot stand in a string as
// it is, −1 if there is none.
func specialByte(s string) int {
	for i := range len(s) {
		if c := s[i]; c == '"' || c == '\\' || c < ' ' {
			return i
		}
	}
	return -1
}

// text reads a string and returns it without escapes: a part of s where there are none.
func (r *jsonReader) text() (string, error) {
	r.at++
	from := r.at
	var plain []byte // what was read, once there is an escape
	for {
		if err := r.look(); err != nil {
			return "", err
		}
		n := specialByte(r.s[r.at:min(r.at+jsonLookBytes, len(r.s))])
		if n < 0 {
			if r.at = min(r.at+jsonLookBytes, len(r.s)); r.at == len(r.s) {
				return "", r.invalid()
			}
			continue
		}
		r.at += n
		switch r.s[r.at] {
		case '"':
			r.at++
			if plain == nil {
				return r.s[from : r.at-1], nil
			}
			return string(append(plain, r.s[from:r.at-1]...)), nil
		case '\\':
			if err := r.take(int64(r.at - from)); err != nil {
				return "", err
			}
			plain = append(plain, r.s[from:r.at]...)
			c, err := r.escape()
			if err != nil {
				return "", err
			}
			plain = utf8.AppendRune(plain, c)
			from = r.at
		default:
			return "", r.invalid()
		}
	}
}

// escape reads an escape.
func (r *jsonReader) escape() (rune, error) {
	if r.at+1 >= len(r.s) {
		return 0, r.invalid()
	}
	c := r.s[r.at+1]
	if k := strings.IndexByte(`"\/bfnrt`, c); k >= 0 {
		r.at += 2
		return rune("\"\\/\b\f\n\r\t"[k]), nil
	}
	u := escapedRune(r.s[r.at:])
	if u < 0 {
		return 0, r.invalid()
	}
	r.at += 6
	if u == 0 && r.build {
		return 0, sqlstate.New(sqlstate.UntranslatableCharacter, "unsupported Unicode escape sequence").
			WithDetail("\\u0000 cannot be converted to text.")
	}
	if !utf16.IsSurrogate(u) {
		return u, nil
	}
	if pair := utf16.DecodeRune(u, escapedRune(r.s[r.at:])); pair != utf8.RuneError {
		r.at += 6
		return pair, nil
	}
	if r.build {
		return 0, sqlstate.New(sqlstate.InvalidTextRepresentation, "invalid input syntax for type json").
			WithDetail("Unicode low surrogate must follow a high surrogate.")
	}
	return utf8.RuneError, nil // JSON keeps the text, whatever it stands for
}

// writeText writes a string in quotes; only what JSON demands is escaped.
func (r *jsonReader) writeText(s string) error {
	if err := r.room(len(s) + 2); err != nil {
		return err
	}
	r.out = append(r.out, '"')
	for {
		n := specialByte(s)
		if n < 0 {
			break
		}
		// An escape takes six bytes at most.
		if err := r.room(len(s) + 7); err != nil {
			return err
		}
		r.out = append(r.out, s[:n]...)
		r.out = appendEscape(r.out, s[n])
		s = s[n+1:]
	}
	r.out = append(append(r.out, s...), '"')
	return nil
}

// appendEscape appends a byte that JSON wants escaped.
func appendEscape(b []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	if c == '"' || c == '\\' {
		return append(b, '\\', c)
	}
	if at := strings.IndexByte("\b\f\n\r\t", c); at >= 0 {
		return append(b, '\\', "bfnrt"[at])
	}
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
