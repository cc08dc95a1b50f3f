package ml

import (
	"context"
	"runtime"
	"sync"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Source gives the training rows once: it calls yield with batches whose columns are
// the features in order and then the target, if there is one. A batch is valid during the call.
type Source func(ctx context.Context, yield func(*vector.Batch) error) error

// Account is what memory is charged to.
type Account interface {
	Reserve(bytes int64) error
	Release(bytes int64)
}

// Training is what a model is to be learned from. Registry.Train is given one.
type Training struct {
	// Features and Target describe the columns of Source. Categories and Classes are
	// known, and in order, when Stream or Frame has returned.
	Features []Feature
	Target   Target // the zero value for an algorithm without one
	// Options are those of the algorithm.
	Options Options
	Source  Source
	Memory  Account
	// Workers is how many goroutines may compute; 0 is one a processor.
	Workers int
	// Progress, if not nil, is told the share of the work that is done and in which
	// phase it is, from one goroutine at a time.
	Progress func(share float64, phase string)

	info          *Info
	task          Task
	rows, skipped int64
	held          int64
	// categories are those of the text features, classes those of a classifier.
	categories []*arriving
	classes    *arriving
	// places are, by feature, the codes by order of arrival; nil for numbers.
	places [][]int32
	// classPlaces are the numbers of the classes by order of arrival.
	classPlaces []int32
}

// Report tells the progress: the share of the work that is done, and the phase.
func (t *Training) Report(share float64, phase string) {
	if t.Progress != nil {
		t.Progress(share, phase)
	}
}

// Parallel is the number of goroutines to use.
func (t *Training) Parallel() int {
	if t.Workers > 0 {
		return t.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// Task is what the model is for.
func (t *Training) Task() Task { return t.task }

// Rows is how many rows were given so far, Skipped how many were left out.
func (t *Training) Rows() int64 { return t.rows }

// Skipped is how many rows were left out: those without a target and, where
// Info.Complete is set, those with a number that is missing or infinite.
func (t *Training) Skipped() int64 { return t.skipped }

// Reserve charges the training for memory until it ends. It is for the goroutine that
// called Fit: what workers need they reserve of Memory themselves.
func (t *Training) Reserve(bytes int64) error {
	if err := t.Memory.Reserve(bytes); err != nil {
		return err
	}
	t.held += bytes
	return nil
}

// Close gives back what was reserved.
func (t *Training) Close() {
	t.Memory.Release(t.held)
	t.held = 0
}

// blockRows is how many rows a block of a Frame has: large enough that a call a block
// costs nothing beside them, small enough that one column of it (512 KB) stays in a
// core's cache.
const blockRows = 1 << 16

// streamRows is how many rows a block of Stream has: its columns (8 KB each) stay in
// the first cache while pairs of them are multiplied.
const streamRows = 1 << 10

// Stream reads the rows once, without keeping them, and calls f with blocks of up to
// 1,024 of them, on Parallel goroutines at a time. worker, below Parallel, tells those
// that may run at a time apart: state by worker needs no lock. The codes in the blocks
// are in order of arrival: see CategoryPlaces. A block is valid during the call.
func (t *Training) Stream(ctx context.Context, f func(worker int, b *Block) error) error {
	workers := t.Parallel()
	spare := make(chan *Block, workers+1)
	full := make(chan *Block, workers+1)
	if err := t.Reserve(int64(workers+2) * streamRows * rowBytes(t.Features)); err != nil {
		return err
	}
	for range workers + 1 {
		spare <- t.newBlock(streamRows)
	}
	var done sync.WaitGroup
	stop := sync.OnceFunc(func() { close(full); done.Wait() })
	defer stop() // also where the source panics; the cancel, deferred later, comes first
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for w := range workers {
		// They end when the channel is closed, and stop waits for them.
		done.Go(func() {
			for b := range full {
				if ctx.Err() == nil {
					if err := contained(func() error { return f(w, b) }); err != nil {
						cancel(err)
					}
				}
				t.reset(b)
				spare <- b
			}
		})
	}
	b := <-spare
	err := t.read(ctx, func() (*Block, int, error) {
		if b.Rows == streamRows {
			full <- b
			b = <-spare
		}
		return b, streamRows, nil
	})
	if err == nil && b.Rows > 0 {
		full <- b
	}
	stop()
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	return t.learned()
}

// contained makes a panic of f, which runs on a goroutine of its own, its error.
func contained(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = sqlstate.FromPanic(p)
		}
	}()
	return f()
}

// Frame is the training rows in memory.
type Frame struct {
	// Rows is the number of rows, Blocks has them: 65,536 in each but the last.
	Rows   int
	Blocks []*Block
}

// firstRows is how many rows the first block of a Frame has room for to begin with: it
// doubles as they come, so that a few rows of many columns take what they need.
const firstRows = 1 << 10

// Frame reads the rows into memory.
func (t *Training) Frame(ctx context.Context) (*Frame, error) {
	out := &Frame{}
	var last *Block
	rows := 0 // that last has room for
	add := func(n int) error {
		if err := t.Reserve(int64(n) * rowBytes(t.Features)); err != nil {
			return err
		}
		rows += n
		return nil
	}
	if err := t.read(ctx, func() (*Block, int, error) {
		switch {
		case last != nil && last.Rows < rows:
		case last != nil && rows < blockRows:
			if err := add(rows); err != nil {
				return nil, 0, err
			}
			t.widen(last, rows)
		default:
			first := blockRows
			if last == nil {
				first = firstRows
			}
			rows = 0
			if err := add(first); err != nil {
				return nil, 0, err
			}
			last = t.newBlock(rows)
			out.Blocks = append(out.Blocks, last)
		}
		return last, rows, nil
	}); err != nil {
		return nil, err
	}
	if err := t.learned(); err != nil {
		return nil, err
	}
	for _, b := range out.Blocks {
		out.Rows += b.Rows
		t.recode(b)
	}
	return out, nil
}

// newBlock returns an empty block of the training's columns with room for rows.
func (t *Training) newBlock(rows int) *Block {
	b := &Block{Columns: make([]Column, len(t.Features))}
	t.widen(b, rows)
	return b
}

// widen gives a block room for rows, and no more: append would take a quarter of
// what is not charged.
func (t *Training) widen(b *Block, rows int) {
	for i := range b.Columns {
		if t.Features[i].Kind == Category {
			b.Columns[i].Codes = widened(b.Columns[i].Codes, rows)
		} else {
			b.Columns[i].Numbers = widened(b.Columns[i].Numbers, rows)
		}
	}
	switch t.task {
	case Regression:
		b.Target = widened(b.Target, rows)
	case Classification:
		b.Class = widened(b.Class, rows)
	}
}

func widened[T any](list []T, room int) []T {
	return append(make([]T, 0, room), list...)
}

// reset empties a block.
func (t *Training) reset(b *Block) {
	b.Rows = 0
	for i := range b.Columns {
		b.Columns[i].cut(0)
	}
	b.Target, b.Class = b.Target[:0], b.Class[:0]
}

// read appends the source's rows to blocks: room, called before rows are appended,
// returns the block to append to and how many rows it may have, more than it has.
func (t *Training) read(ctx context.Context, room func() (b *Block, rows int, err error)) error {
	t.begin()
	in := &loaded{}
	charged := int64(0) // for the largest batch, converted
	defer func() {
		t.Memory.Release(charged)
		t.held -= charged
	}()
	return t.Source(ctx, func(batch *vector.Batch) error {
		if more := int64(batch.Rows())*rowBytes(t.Features) - charged; more > 0 {
			if err := t.Reserve(more); err != nil {
				return err
			}
			charged += more
		}
		if err := t.load(in, batch); err != nil {
			return err
		}
		t.skipped += int64(batch.Rows() - in.rows)
		t.rows += int64(in.rows)
		for from := 0; from < in.rows; {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			b, rows, err := room()
			if err != nil {
				return err
			}
			to := min(from+rows-b.Rows, in.rows)
			in.appendTo(b, from, to)
			from = to
		}
		return nil
	})
}

// begin prepares the dictionaries.
func (t *Training) begin() {
	t.rows, t.skipped = 0, 0
	t.categories = make([]*arriving, len(t.Features))
	for i := range t.Features {
		if t.Features[i].Kind == Category {
			t.categories[i] = &arriving{column: t.Features[i].Name, memory: t.Memory, held: &t.held}
		}
	}
	if t.task == Classification {
		t.classes = &arriving{column: t.Target.Name, memory: t.Memory, held: &t.held}
	}
}

// orderedBytes is what a category takes once it is in order, beside categoryBytes: 24 in
// the lists of ordered, and up to 57 in the map of a model (its slots have 25 and are as
// little as 7/16 full) or, for a class, 48 in its value.
const orderedBytes = 24 + 57

// learned puts categories and classes in order.
func (t *Training) learned() error {
	if t.rows == 0 {
		e := sqlstate.New(sqlstate.InvalidParameterValue, "cannot train on 0 rows")
		if t.skipped > 0 {
			return e.WithDetail("%d rows were skipped because their target or a number in them is NULL or not finite.", t.skipped)
		}
		return e.WithHint("The query has to give at least one row.")
	}
	t.places = make([][]int32, len(t.Features))
	for i, a := range t.categories {
		if a != nil {
			if err := t.Reserve(int64(len(a.texts)) * orderedBytes); err != nil {
				return err
			}
			t.Features[i].Categories, t.places[i] = a.ordered(func(x, y string) bool { return x < y })
		}
	}
	if t.classes != nil {
		if err := t.Reserve(int64(len(t.classes.texts)) * orderedBytes); err != nil {
			return err
		}
		t.Target.Classes, t.classPlaces = t.classes.ordered(classLess(t.Target.Type))
	}
	return nil
}

// CategoryPlaces returns, by the code that Stream has given a category of feature i, its
// code in order.
func (t *Training) CategoryPlaces(i int) []int32 { return t.places[i] }

// recode gives the categories and classes of a block their codes in order.
func (t *Training) recode(b *Block) {
	for i, place := range t.places {
		for r, c := range b.Columns[i].Codes {
			if c >= 0 {
				b.Columns[i].Codes[r] = place[c]
			}
		}
	}
	for r, c := range b.Class {
		b.Class[r] = t.classPlaces[c]
	}
}

// loaded is the usable rows of a batch, converted.
type loaded struct {
	rows    int
	columns []Column
	target  []float64
	class   []int32
	// sel are the usable rows in the batch.
	sel []int32
}

// load converts a batch.
func (t *Training) load(in *loaded, b *vector.Batch) (err error) {
	k := len(t.Features)
	if in.columns == nil {
		in.columns = make([]Column, k)
	}
	keep, n := b.Sel, b.Len
	if t.task != Clustering {
		in.sel = in.sel[:0]
		eachRow(b.Sel, n, func(r int) {
			if !b.Cols[k].IsNull(r) {
				in.sel = append(in.sel, int32(r))
			}
		})
		if len(in.sel) < b.Rows() {
			keep = in.sel
		}
	}
	for {
		rows := n
		if keep != nil {
			rows = len(keep)
		}
		bad := in.numbers(t, b, keep, rows)
		if len(bad) == 0 {
			in.rows = rows
			break
		}
		// Rows are left out seldom: what is left is read again.
		var left []int32
		i := 0
		eachRow(keep, n, func(r int) {
			if len(bad) > 0 && bad[0] == i {
				bad = bad[1:]
			} else {
				left = append(left, int32(r))
			}
			i++
		})
		if keep = left; keep == nil {
			keep = []int32{}
		}
	}
	for i := range t.Features {
		if t.categories[i] != nil {
			c := &in.columns[i]
			if c.Codes, err = readCodes(c.Codes[:0], b.Cols[i], keep, n, t.categories[i]); err != nil {
				return err
			}
		}
	}
	if t.classes == nil {
		return nil
	}
	in.class, err = t.readClasses(in.class[:0], b.Cols[k], keep, n)
	return err
}

// numbers reads the numbers and the target of a regression, and returns the rows (by
// their place among those read) that cannot be used.
func (in *loaded) numbers(t *Training, b *vector.Batch, keep []int32, rows int) (bad []int) {
	var wrong []bool
	check := func(xs []float64) {
		for i, x := range xs {
			if !finite(x) {
				if wrong == nil {
					wrong = make([]bool, rows)
				}
				wrong[i] = true
			}
		}
	}
	for i := range t.Features {
		if t.Features[i].Kind != Number {
			continue
		}
		c := &in.columns[i]
		c.Numbers = readNumbers(c.Numbers[:0], b.Cols[i], keep, b.Len)
		if t.info.Complete {
			check(c.Numbers)
		}
	}
	if t.task == Regression {
		in.target = readNumbers(in.target[:0], b.Cols[len(t.Features)], keep, b.Len)
		check(in.target)
	}
	for i, w := range wrong {
		if w {
			bad = append(bad, i)
		}
	}
	return bad
}

// readClasses appends the numbers of the rows' classes.
func (t *Training) readClasses(out []int32, v *vector.Vector, sel []int32, n int) (_ []int32, err error) {
	if v.Type.IsString() {
		return readCodes(out, v, sel, n, t.classes)
	}
	// Consecutive rows are often of one class, and its text need not be made again.
	last, code := int64(0), int32(-1)
	eachRow(sel, n, func(r int) {
		d := v.Datum(r)
		x := int64(0)
		if v.Type.Kind == types.Bool {
			if d.Bool() {
				x = 1
			}
		} else {
			x = d.Int()
		}
		if code < 0 || x != last {
			var e error
			if code, e = t.classes.code(classText(d, v.Type)); e != nil && err == nil {
				err = e
			}
			last = x
		}
		out = append(out, code)
	})
	return out, err
}

// appendTo appends rows to a block.
func (in *loaded) appendTo(b *Block, from, to int) {
	for i := range in.columns {
		if in.columns[i].Codes != nil {
			b.Columns[i].Codes = append(b.Columns[i].Codes, in.columns[i].Codes[from:to]...)
		} else {
			b.Columns[i].Numbers = append(b.Columns[i].Numbers, in.columns[i].Numbers[from:to]...)
		}
	}
	if in.class != nil {
		b.Class = append(b.Class, in.class[from:to]...)
	}
	if in.target != nil {
		b.Target = append(b.Target, in.target[from:to]...)
	}
	b.Rows += to - from
}
