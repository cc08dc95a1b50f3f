package olap

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"htapdb/internal/memory"
	"htapdb/sql/sqlstate"
	"htapdb/vector"
	"htapdb/vector/fn"
)

var testPool = sync.OnceValue(func() *Pool { return NewPool(3) })

// config is one way to run a plan.
type config struct {
	batch, workers int
	shape          shape
}

func (c config) String() string {
	return fmt.Sprintf("batch=%d workers=%d dict=%v const=%v sel=%v filters=%v", c.batch, c.workers,
		c.shape.dict, c.shape.constant, c.shape.sel, c.shape.filters)
}

func (c config) exec() *Exec {
	return &Exec{Workers: c.workers, BatchSize: c.batch, Pool: testPool(), Memory: memory.NewRoot(1 << 30), InlineRows: -1}
}

// configs is the matrix that every operator test runs.
func configs() []config {
	var out []config
	for _, batch := range []int{1, 3, 2048} {
		for _, workers := range []int{1, 3} {
			out = append(out,
				config{batch, workers, shape{batch: 2048}},
				config{batch, workers, shape{batch: 2048, dict: true, filters: true}},
				config{batch, workers, shape{batch: 2048, sel: true, constant: true, filters: true}},
				config{batch, workers, shape{batch: 500, sel: true, dict: true}},
			)
		}
	}
	return out
}

// harness runs one plan in all ways and compares it with the reference.
type harness struct {
	t      testing.TB
	shape  *shape
	tables []*memTable
}

// result runs root and returns its rows.
func result(root Node, ex *Exec) ([]row, error) {
	var rows []row
	err := Run(context.Background(), root, ex, func(b *vector.Batch) error {
		if len(b.Cols) != len(root.Types()) {
			return fmt.Errorf("%d columns, want %d", len(b.Cols), len(root.Types()))
		}
		if b.Rows() == 0 || b.Rows() > vector.MaxBatch {
			return fmt.Errorf("a batch of %d rows", b.Rows())
		}
		for c, t := range root.Types() {
			if b.Cols[c].Type.Physical() != t.Physical() || b.Cols[c].Len != b.Len {
				return fmt.Errorf("column %d is %s of %d rows, want %s of %d", c, b.Cols[c].Type, b.Cols[c].Len, t, b.Len)
			}
		}
		for k := range b.Rows() {
			r := make(row, len(b.Cols))
			for c, v := range b.Cols {
				r[c] = v.Datum(b.Row(k))
			}
			rows = append(rows, r)
		}
		return nil
	})
	return rows, err
}

func keysOf(rows []row, ordered bool) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = key(r)
	}
	if !ordered {
		slices.Sort(out)
	}
	return out
}

// check compares root with the reference in every configuration. ordered says
// that the order of the rows is defined (total); loose that only their number is.
func (h *harness) check(name string, root Node, ordered bool) {
	h.t.Helper()
	ref := &reference{t: h.t}
	want, refErr := ref.run(root)
	wantKeys := keysOf(want, ordered)
	for _, c := range configs() {
		*h.shape = c.shape
		h.shape.batch = min(c.shape.batch, c.batch)
		ex := c.exec()
		got, err := result(root, ex)
		// A row that raises an error may not be needed (the other side of a join is empty).
		lazy := err == nil && sqlstate.Is(refErr, sqlstate.CardinalityViolation)
		if sqlstate.CodeOf(err) != sqlstate.CodeOf(refErr) && !lazy {
			detail := ""
			var e *sqlstate.Error
			if errors.As(err, &e) {
				detail = e.Detail
			}
			h.t.Fatalf("%s: %s: error %v, want %v\n%s%s", name, c, err, refErr, describe(root), detail)
		}
		if err == nil && refErr == nil {
			if d := difference(keysOf(got, ordered), wantKeys); d != "" {
				h.t.Fatalf("%s: %s: %s\n%s", name, c, d, describe(root))
			}
		}
		h.clean(name, c, ex)
		h.disturb(name, root, c)
	}
}

// clean checks that nothing of an execution is left.
func (h *harness) clean(name string, c config, ex *Exec) {
	h.t.Helper()
	if n := ex.Memory.Used(); n != 0 {
		h.t.Fatalf("%s: %s: %d bytes still reserved", name, c, n)
	}
	for _, m := range h.tables {
		if n := m.opened.Load(); n != 0 {
			h.t.Fatalf("%s: %s: %d scanners open", name, c, n)
		}
	}
}

var errEnough = errors.New("enough")

// disturb ends executions early in several ways.
func (h *harness) disturb(name string, root Node, c config) {
	h.t.Helper()
	ex := c.exec()
	calls := 0
	err := Run(context.Background(), root, ex, func(*vector.Batch) error { calls++; return errEnough })
	if calls > 1 || calls == 1 && err != errEnough {
		h.t.Fatalf("%s: %s: early close: %d calls, error %v", name, c, calls, err)
	}
	h.clean(name, c, ex)

	ctx, cancel := context.WithCancel(context.Background())
	ex = c.exec()
	left := 3
	ex.Interrupt = func() bool {
		if left--; left == 0 {
			cancel()
		}
		return false
	}
	if c.workers > 1 {
		ex.Interrupt = nil
		time.AfterFunc(20*time.Microsecond, cancel)
	}
	err = Run(ctx, root, ex, func(*vector.Batch) error { return nil })
	if err != nil && !sqlstate.Is(err, sqlstate.QueryCanceled) && !sqlstate.Is(err, sqlstate.CardinalityViolation) {
		h.t.Fatalf("%s: %s: cancel: %v", name, c, err)
	}
	cancel()
	h.clean(name, c, ex)

	ex = c.exec()
	ex.Memory = memory.NewRoot(3000)
	err = Run(context.Background(), root, ex, func(*vector.Batch) error { return nil })
	if err != nil && !sqlstate.Is(err, sqlstate.OutOfMemory) && !sqlstate.Is(err, sqlstate.CardinalityViolation) {
		h.t.Fatalf("%s: %s: tiny memory: %v", name, c, err)
	}
	h.clean(name, c, ex)
}

// difference describes how got differs from want, "" if it does not.
func difference(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("row %d of %d is\n  %s, want (of %d)\n  %s", i, len(got), got[i], len(want), want[i])
		}
	}
	if len(got) != len(want) {
		return fmt.Sprintf("%d rows, want %d", len(got), len(want))
	}
	return ""
}

// describe prints a plan.
func describe(n Node) string {
	var b strings.Builder
	var walk func(n Node, depth int)
	walk = func(n Node, depth int) {
		fmt.Fprintf(&b, "%s%s", strings.Repeat("  ", depth), n.Name())
		switch n := n.(type) {
		case *HashJoin:
			fmt.Fprintf(&b, " %v = %v residual %v nullsafe %v aware %v out %v %v", n.ProbeKeys, n.BuildKeys, n.Residual, n.NullSafe, n.NullAware, n.ProbeOut, n.BuildOut)
		case *Filter:
			fmt.Fprintf(&b, " %v", n.Pred)
		case *Project:
			fmt.Fprintf(&b, " %v", n.Exprs)
		case *HashAggregate:
			fmt.Fprintf(&b, " by %v sets %v", n.GroupBy, n.GroupingSets)
			for _, a := range n.Aggs {
				fmt.Fprintf(&b, " %s(%v) distinct %v filter %v", a.Agg.Name, a.Args, a.Distinct, a.Filter)
			}
		case *Sort:
			fmt.Fprintf(&b, " %v", n.Keys)
		case *Scan:
			fmt.Fprintf(&b, " %v rows %d", n.Types(), len(n.Source.(*memTable).rows))
		}
		b.WriteByte('\n')
		for _, in := range n.Inputs() {
			walk(in, depth+1)
		}
	}
	walk(n, 0)
	return b.String()
}

// checkGoroutines fails the test if it leaves goroutines behind.
func checkGoroutines(t *testing.T) {
	testPool()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for range 100 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
		buf := make([]byte, 1<<16)
		t.Errorf("goroutines left behind:\n%s", buf[:runtime.Stack(buf, true)])
	})
}

// col is a reference to column i of n.
func col(n Node, i int) fn.Expr { return &fn.Column{Index: i, Typ: n.Types()[i]} }

func call(t testing.TB, name string, args ...fn.Expr) fn.Expr {
	t.Helper()
	x, err := fn.NewCall(name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func agg(t testing.TB, name string, args ...fn.Expr) AggSpec {
	t.Helper()
	a, err := fn.ResolveAggregate(name, typesOf(args))
	if err != nil {
		t.Fatal(err)
	}
	for i := range args {
		if args[i].Type() != a.Args[i] {
			if args[i], err = fn.NewCast(args[i], a.Args[i], fn.ImplicitCast); err != nil {
				t.Fatal(err)
			}
		}
	}
	return AggSpec{Agg: a, Args: args}
}
