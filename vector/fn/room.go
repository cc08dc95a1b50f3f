package fn

import (
	"unicode/utf8"
	"unsafe"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Texts that functions make are charged to the statement's account before they
// are made, by construction:
//
//   - every function whose result is text, bytea or JSON has a textBound: how long
//     the result is at most, given the arguments (none for parts of the arguments
//     and results of a bounded length). The evaluator adds the bounds of a batch up
//     and asks the account; much text is made in pieces of about pieceBytes,
//     and between two the statement may be canceled;
//   - the few whose length is known only while they work (regexp_replace,
//     format) ask for what they append through a textBuilder.
//
// What a batch took is given back at the next one: a batch's results live no longer.
// The tests of the registry run every function against its bound.

// Memory is the account that texts draw from; an *memory.Account is one.
type Memory interface {
	// Reserve takes bytes or fails with 53200.
	Reserve(bytes int64) error
	// Release gives bytes back.
	Release(bytes int64)
}

// maxTextBytes is the longest text a function makes, PostgreSQL's limit.
const maxTextBytes = 1<<30 - 1

func tooLong() error {
	return sqlstate.New(sqlstate.ProgramLimitExceeded, "requested length too large")
}

const (
	// freeTextBytes is how much text of one batch is nobody's concern: as much as
	// full batches of ordinary values have.
	freeTextBytes = 1 << 20
	// pieceBytes is about how much text is made between two looks at the
	// statement's cancellation; it takes well under a millisecond.
	pieceBytes = 1 << 20
	// textStep is in what steps the account is asked.
	textStep = 256 << 10
)

// textAccount is what one evaluator holds of the statement's memory for the
// texts that its functions make. A nil one counts nothing.
type textAccount struct {
	mem Memory
	// used is what this batch's texts take, kept what outlives the batch (constants and
	// results by dictionary entry), held what is reserved beyond freeTextBytes.
	used, kept, held int64
	// last is what the batch before took: the collector may not have seen it yet.
	last int64
}

// take asks for bytes more before they are made.
func (t *textAccount) take(bytes int64) error {
	if t == nil {
		return nil
	}
	t.used += bytes
	if t.used-t.held <= freeTextBytes || t.mem == nil {
		return nil
	}
	need := t.used - t.held - freeTextBytes
	err := t.mem.Reserve(max(need, textStep))
	if err == nil {
		t.held += max(need, textStep)
		return nil
	}
	if need < textStep {
		if err = t.mem.Reserve(need); err == nil {
			t.held += need
			return nil
		}
	}
	t.used -= bytes
	return sqlstate.Wrap(sqlstate.OutOfMemory, err, "out of memory for texts of %d KiB", (t.used+bytes)>>10).WithDetail("%v", err)
}

// giveBack undoes a take of more than was made.
func (t *textAccount) giveBack(bytes int64) {
	if t != nil {
		t.used -= bytes
	}
}

// keep makes bytes that were taken outlive the batch; negative ones end that.
func (t *textAccount) keep(bytes int64) {
	if t != nil {
		t.kept += bytes
	}
}

// next begins a batch: the texts of the one before are not used any more.
func (t *textAccount) next() {
	before := t.used
	t.used = t.kept
	if spare := t.held - max(before, t.last); spare > textStep {
		t.held -= spare
		t.mem.Release(spare)
	}
	t.last = before
}

// release gives everything back.
func (t *textAccount) release() {
	if t.held > 0 {
		t.mem.Release(t.held)
	}
	*t = textAccount{}
}

// interrupted is an error if the statement has to end.
func (ctx *Context) interrupted() error {
	if ctx.Interrupted != nil && ctx.Interrupted() {
		return sqlstate.New(sqlstate.QueryCanceled, "canceling statement due to user request")
	}
	return nil
}

// textBound is how long a function's result is at most, beyond a constant a row.
// The zero value is for results that are parts of the arguments, or of a bounded length.
type textBound struct {
	// halves is the result's length in halves of the texts among the arguments, together.
	halves int64
	// row, if not nil, is the bound of row i instead.
	row func(args []*vector.Vector, i int) int64
}

// copyBound is for results about as long as the arguments: letters that change
// their case may take half as much again.
var copyBound = &textBound{halves: 3}

// sumBound is for results that are the arguments one after another.
var sumBound = &textBound{halves: 2}

// rowBound is a bound by row.
func rowBound(f func(args []*vector.Vector, i int) int64) *textBound { return &textBound{row: f} }

// noBound is for parts of the arguments and results of a bounded length.
var noBound = &textBound{}

// isTextual reports kinds whose values may be long.
func isTextual(k types.Kind) bool {
	return k >= types.Text && k <= types.Bytea || k == types.JSON || k == types.JSONB || k == types.Unknown
}

// ownBound is for functions that charge what they append themselves.
var ownBound = &textBound{}

// defaultBound is the bound of a function that declares none.
func defaultBound(s *Scalar) *textBound {
	if !isTextual(s.Result.Kind) {
		return nil
	}
	for _, a := range s.Args {
		if isTextual(a.Kind) {
			return copyBound
		}
	}
	return noBound
}

// total is the bound of the rows sel (all n if nil).
func (b *textBound) total(args []*vector.Vector, sel []int32, n int) (bytes int64) {
	if b.row != nil {
		for k := range selected(sel, n) {
			bytes += min(b.row(args, rowOf(sel, k)), maxTextBytes)
		}
		return bytes
	}
	for _, a := range args {
		if a.Type.Physical() == types.PhysString {
			bytes += textBytes(a, sel, n)
		}
	}
	return bytes * b.halves / 2
}

// textBytes is the length of the texts of v's rows sel (all n if nil), together.
func textBytes(v *vector.Vector, sel []int32, n int) (bytes int64) {
	switch {
	case v.Enc == vector.Const:
		if len(v.Str) == 0 { // NULL
			return 0
		}
		return int64(len(v.Str[0])) * int64(selected(sel, n))
	case v.Enc == vector.Dict:
		for k := range selected(sel, n) {
			if at := int(v.Codes[rowOf(sel, k)]); at < len(v.Dict.Str) {
				bytes += int64(len(v.Dict.Str[at]))
			}
		}
	case sel == nil:
		for _, s := range v.Str[:n] {
			bytes += int64(len(s))
		}
	default:
		for _, i := range sel {
			bytes += int64(len(v.Str[i]))
		}
	}
	return bytes
}

// apply runs kernel k of s into out, its texts charged before they are made.
func (s *Scalar) apply(ctx *Context, k Kernel, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	b := s.bound
	if b == nil || b.row == nil && b.halves == 0 || ctx.text == nil {
		return k(ctx, args, sel, n, out)
	}
	total := b.total(args, sel, n)
	if total <= pieceBytes {
		if err := ctx.text.take(total); err != nil {
			return err
		}
		return k(ctx, args, sel, n, out)
	}
	return b.pieces(ctx, k, args, sel, n, out)
}

// pieces runs k piece by piece. A bound may be far above what is made: the rest
// is given back after each.
func (b *textBound) pieces(ctx *Context, k Kernel, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	if sel == nil {
		sel = make([]int32, n)
		for i := range sel {
			sel[i] = int32(i)
		}
	}
	for len(sel) > 0 {
		if err := ctx.interrupted(); err != nil {
			return err
		}
		bytes, rows := int64(0), 0
		for rows < len(sel) && bytes < pieceBytes {
			bytes += b.total(args, sel[rows:rows+1], n)
			rows++
		}
		if err := ctx.text.take(bytes); err != nil {
			return err
		}
		if err := k(ctx, args, sel[:rows], n, out); err != nil {
			return err
		}
		made := int64(0)
		for _, i := range sel[:rows] {
			made += int64(len(out.Str[i]))
		}
		ctx.text.giveBack(max(bytes-made, 0))
		sel = sel[rows:]
	}
	return nil
}

// selected is the number of rows in sel, n if it is nil.
func selected(sel []int32, n int) int {
	if sel != nil {
		return len(sel)
	}
	return n
}

// The bounds of functions by their arguments.

func repeatedBytes(a []*vector.Vector, i int) int64 {
	return max(int64(a[1].I32[i&step(a[1])]), 0) * int64(len(text(a[0], i)))
}

func paddedBytes(a []*vector.Vector, i int) int64 {
	width := int64(1)
	if fill := optional(a, 2, i); len(fill) != utf8.RuneCountInString(fill) {
		width = utf8.UTFMax
	}
	return int64(len(text(a[0], i))) + max(int64(a[1].I32[i&step(a[1])]), 0)*width
}

func replacedBytes(a []*vector.Vector, i int) int64 {
	s, from, to := text(a[0], i), text(a[1], i), text(a[2], i)
	if from == "" {
		return int64(len(s))
	}
	return int64(len(s)) + int64(len(s)/len(from))*int64(len(to))
}

// timesBytes is a multiple of the first argument's length, and the others' once.
func timesBytes(factor int64) *textBound {
	return rowBound(func(a []*vector.Vector, i int) int64 {
		n := factor * int64(len(text(a[0], i)))
		for _, v := range a[1:] {
			if v.Type.Physical() == types.PhysString {
				n += int64(len(text(v, i)))
			}
		}
		return n
	})
}

// templateBytes is what a template of to_char writes: at most a month's name or
// the widest numeral for each of its letters.
var templateBytes = rowBound(func(a []*vector.Vector, i int) int64 { return templateFactor * int64(len(text(a[1], i))) })

const templateFactor = 20

// maxValueText is the longest text of a value that is not text itself.
const maxValueText = 160

// valueBytes is how long the text of row i of v is at most.
func valueBytes(v *vector.Vector, i int) int64 {
	switch {
	case v.Type.Physical() != types.PhysString:
		return maxValueText
	case v.IsNull(i):
		return 0
	}
	n := int64(len(text(v, i)))
	switch v.Type.Kind {
	case types.Bytea:
		return 2*n + 2
	case types.UUID:
		return maxValueText
	case types.Char:
		return n + int64(v.Type.Length)
	}
	return n
}

// joinedBytes is the texts of all values one after another, the first (a
// separator) before each of the others if repeated.
func joinedBytes(repeated bool) *textBound {
	return rowBound(func(a []*vector.Vector, i int) int64 {
		n := int64(0)
		for _, v := range a {
			n += valueBytes(v, i)
		}
		if repeated && len(a) > 2 {
			n += int64(len(a)-2) * valueBytes(a[0], i)
		}
		return n
	})
}

// textBuilder makes one long text. What is appended is charged first, unless it
// was reserved by a bound, and copied in pieces between which the statement may be canceled.
type textBuilder struct {
	ctx     *Context
	buf     []byte
	charged int64 // of buf's capacity
	err     error
}

// newTextBuilder returns a builder with room for size bytes, which a bound has charged.
func newTextBuilder(ctx *Context, size int64) textBuilder {
	return textBuilder{ctx: ctx, buf: make([]byte, 0, size), charged: size}
}

// room makes the next n bytes fit.
func (b *textBuilder) room(n int) bool {
	need := len(b.buf) + n
	switch {
	case b.err != nil:
		return false
	case need <= cap(b.buf):
		return true
	case need > maxTextBytes:
		b.err = tooLong()
		return false
	}
	size := max(int64(need), min(2*int64(cap(b.buf)), maxTextBytes))
	if b.err = b.ctx.text.take(size); b.err != nil && size > int64(need) {
		size = int64(need)
		b.err = b.ctx.text.take(size)
	}
	if b.err != nil {
		return false
	}
	if b.err = b.ctx.interrupted(); b.err != nil {
		return false
	}
	old := b.buf
	b.buf = append(make([]byte, 0, size), old...)
	b.ctx.text.giveBack(b.charged)
	b.charged = size
	return true
}

// WriteString appends s.
func (b *textBuilder) WriteString(s string) {
	if !b.room(len(s)) {
		return
	}
	for len(s) > pieceBytes {
		b.buf = append(b.buf, s[:pieceBytes]...)
		s = s[pieceBytes:]
		if b.err = b.ctx.interrupted(); b.err != nil {
			return
		}
	}
	b.buf = append(b.buf, s...)
}

// writeByte appends c.
func (b *textBuilder) writeByte(c byte) {
	if b.room(1) {
		b.buf = append(b.buf, c)
	}
}

// repeat appends n copies of s.
func (b *textBuilder) repeat(s string, n int) {
	if s == "" || n <= 0 || !b.room(n*len(s)) {
		return
	}
	start, total := len(b.buf), n*len(s)
	b.buf = append(b.buf, s...)
	for made := len(s); made < total && b.err == nil; made = len(b.buf) - start {
		chunk := min(made, total-made, max(pieceBytes/len(s)*len(s), len(s)))
		b.buf = append(b.buf, b.buf[start:start+chunk]...)
		if made > pieceBytes {
			b.err = b.ctx.interrupted()
		}
	}
}

// String is the text, which takes the builder's memory over.
func (b *textBuilder) String() (string, error) {
	if b.err != nil || len(b.buf) == 0 {
		return "", b.err
	}
	return unsafe.String(&b.buf[0], len(b.buf)), nil
}
