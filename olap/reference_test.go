package olap

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// reference executes a plan row by row in the most obvious way.
type reference struct {
	t    testing.TB
	ctx  fn.Context
	work map[*WorkTable][]row
}

type row = []types.Datum

// value evaluates x over one row.
func (f *reference) value(x fn.Expr, in row, ts []types.Type) types.Datum {
	switch x := x.(type) {
	case *fn.Column:
		return in[x.Index]
	case *fn.Literal:
		return x.Value
	}
	b := vector.NewBatch(ts, 1)
	for i, d := range in {
		b.Cols[i].Set(0, d)
	}
	out, err := fn.NewEvaluator(&f.ctx, x).Eval(b)
	if err != nil {
		f.t.Fatalf("reference: %s: %v", x, err)
	}
	return out[0].Datum(0)
}

func (f *reference) isTrue(x fn.Expr, in row, ts []types.Type) bool {
	if x == nil {
		return true
	}
	d := f.value(x, in, ts)
	return !d.IsNull() && d.Bool()
}

func (f *reference) run(n Node) ([]row, error) {
	switch n := n.(type) {
	case *Scan:
		return n.Source.(*memTable).rows, nil
	case *Values:
		var out []row
		for _, xs := range n.Rows {
			r := row{}
			for _, x := range xs {
				r = append(r, f.value(x, nil, nil))
			}
			out = append(out, r)
		}
		return out, nil
	case *HashJoin:
		return f.join(n)
	case *UnionAll:
		var out []row
		for _, in := range n.List {
			rows, err := f.run(in)
			if err != nil {
				return nil, err
			}
			out = append(out, rows...)
		}
		return out, nil
	case *SetOp:
		return f.setOp(n)
	case *WorkTable:
		return f.work[n], nil
	case *RecursiveUnion:
		return f.recursive(n)
	case *GenerateSeries:
		a, b, s := f.value(n.Start, nil, nil).Int(), f.value(n.Stop, nil, nil).Int(), int64(1)
		if n.Step != nil {
			s = f.value(n.Step, nil, nil).Int()
		}
		var out []row
		for x := a; s > 0 && x <= b || s < 0 && x >= b; x += s {
			out = append(out, row{types.NewInt(n.Start.Type().Physical(), x)})
		}
		return out, nil
	}
	rows, err := f.run(n.Inputs()[0])
	if err != nil {
		return nil, err
	}
	ts := n.Inputs()[0].Types()
	switch n := n.(type) {
	case *ProjectSet:
		return f.projectSet(n, rows, ts)
	case *Filter:
		var out []row
		for _, r := range rows {
			if f.isTrue(n.Pred, r, ts) {
				out = append(out, r)
			}
		}
		return out, nil
	case *Project:
		var out []row
		for _, r := range rows {
			var o row
			for _, x := range n.Exprs {
				o = append(o, f.value(x, r, ts))
			}
			out = append(out, o)
		}
		return out, nil
	case *HashAggregate:
		return f.aggregate(n, rows, ts), nil
	case *Sort:
		return f.sorted(rows, n.Keys, ts), nil
	case *TopN:
		return f.cut(f.sorted(rows, n.Keys, ts), n.Count, n.Offset), nil
	case *Limit:
		return f.cut(rows, n.Count, n.Offset), nil
	case *DistinctOn:
		seen := map[string]bool{}
		var out []row
		for _, r := range f.sorted(rows, n.OrderBy, ts) {
			var k row
			for _, x := range n.On {
				k = append(k, f.value(x, r, ts))
			}
			if !seen[key(k)] {
				seen[key(k)] = true
				out = append(out, r)
			}
		}
		return out, nil
	case *Materialize:
		return rows, nil
	case *Window:
		return f.window(n, rows, ts), nil
	}
	f.t.Fatalf("reference: %T", n)
	return nil, nil
}

func (f *reference) cut(rows []row, count, offset fn.Expr) []row {
	from, to := 0, len(rows)
	if offset != nil {
		from = min(int(f.value(offset, nil, nil).Int()), len(rows))
	}
	if count != nil {
		if d := f.value(count, nil, nil); !d.IsNull() {
			to = min(from+int(d.Int()), len(rows))
		}
	}
	return rows[from:to]
}

// compareKeys orders two rows by keys.
func (f *reference) compareKeys(a, b row, keys []SortKey, ts []types.Type) int {
	for _, k := range keys {
		x, y := f.value(k.Expr, a, ts), f.value(k.Expr, b, ts)
		if c := compareDatums(x, y, k); c != 0 {
			return c
		}
	}
	return 0
}

func compareDatums(x, y types.Datum, k SortKey) int {
	switch {
	case x.IsNull() && y.IsNull():
		return 0
	case x.IsNull() == k.NullsFirst && (x.IsNull() || y.IsNull()):
		return -1
	case x.IsNull() || y.IsNull():
		return 1
	}
	c := vector.CompareDatum(x, y)
	if k.Desc {
		c = -c
	}
	return c
}

func (f *reference) sorted(rows []row, keys []SortKey, ts []types.Type) []row {
	type keyed struct {
		r row
		k row
	}
	ks := make([]keyed, len(rows))
	for i, r := range rows {
		ks[i].r = r
		for _, k := range keys {
			ks[i].k = append(ks[i].k, f.value(k.Expr, r, ts))
		}
	}
	slices.SortStableFunc(ks, func(a, b keyed) int {
		for i, k := range keys {
			if c := compareDatums(a.k[i], b.k[i], k); c != 0 {
				return c
			}
		}
		return 0
	})
	out := make([]row, len(rows))
	for i := range ks {
		out[i] = ks[i].r
	}
	return out
}

// equal3 is SQL's = with NULL: 0 false, 1 true, 2 unknown.
func equal3(a, b types.Datum) int {
	switch {
	case a.IsNull() || b.IsNull():
		return 2
	case vector.CompareDatum(a, b) == 0:
		return 1
	}
	return 0
}

// matches is 1 if the pair matches, 2 if that is unknown because of a NULL-aware key.
func (f *reference) matches(j *HashJoin, pk, bk row, pair row, ts []types.Type) int {
	result := 1
	for i := range j.ProbeKeys {
		e := equal3(pk[i], bk[i])
		switch {
		case j.NullSafe != nil && j.NullSafe[i]:
			e = 0
			if pk[i].IsNull() && bk[i].IsNull() || !pk[i].IsNull() && !bk[i].IsNull() && vector.CompareDatum(pk[i], bk[i]) == 0 {
				e = 1
			}
		case e == 2 && !(j.NullAware != nil && j.NullAware[i]):
			e = 0
		}
		if e == 0 {
			return 0
		}
		result = max(result, e)
	}
	if !f.isTrue(j.Residual, pair, ts) {
		return 0
	}
	return result
}

func (f *reference) join(j *HashJoin) ([]row, error) {
	probe, err := f.run(j.Probe)
	if err != nil {
		return nil, err
	}
	build, err := f.run(j.Build)
	if err != nil {
		return nil, err
	}
	pt, bt := j.Probe.Types(), j.Build.Types()
	ts := append(slices.Clone(pt), bt...)
	keysOf := func(xs []fn.Expr, r row, ts []types.Type) (k row) {
		for _, x := range xs {
			k = append(k, f.value(x, r, ts))
		}
		return k
	}
	bks := make([]row, len(build))
	for i, b := range build {
		bks[i] = keysOf(j.BuildKeys, b, bt)
	}
	found := make([]bool, len(build))
	var out []row
	emit := func(p, b row) {
		var o row
		if j.hasProbe() {
			for _, c := range allColumns(j.ProbeOut, len(pt)) {
				o = append(o, at(p, c))
			}
		}
		if j.hasBuild() {
			for _, c := range allColumns(j.BuildOut, len(bt)) {
				o = append(o, at(b, c))
			}
		}
		out = append(out, o)
	}
	for _, p := range probe {
		pk := keysOf(j.ProbeKeys, p, pt)
		matched, unknown := 0, false
		for i, b := range build {
			switch f.matches(j, pk, bks[i], append(slices.Clone(p), b...), ts) {
			case 2:
				unknown = true
			case 1:
				matched++
				found[i] = true
				switch j.Kind {
				case Inner, Left, Right, Full, Cross:
					emit(p, b)
				case Single:
					if matched == 1 {
						emit(p, b)
					}
				}
			}
		}
		switch j.Kind {
		case Left, Full:
			if matched == 0 {
				emit(p, nil)
			}
		case Single:
			if matched > 1 {
				return nil, sqlstate.New(sqlstate.CardinalityViolation, "two rows")
			}
			if matched == 0 {
				emit(p, nil)
			}
		case Semi:
			if matched > 0 {
				emit(p, nil)
			}
		case Anti:
			if matched == 0 && !unknown {
				emit(p, nil)
			}
		case Mark:
			emit(p, nil)
			mark := types.NewBool(matched > 0)
			if matched == 0 && unknown {
				mark = types.NullDatum
			}
			out[len(out)-1] = append(out[len(out)-1], mark)
		}
	}
	for i, b := range build {
		switch {
		case (j.Kind == Right || j.Kind == Full || j.Kind == BuildAnti) && !found[i], j.Kind == BuildSemi && found[i]:
			emit(nil, b)
		}
	}
	return out, nil
}

func at(r row, c int) types.Datum {
	if r == nil {
		return types.NullDatum
	}
	return r[c]
}

func (f *reference) setOp(s *SetOp) ([]row, error) {
	left, err := f.run(s.Left)
	if err != nil {
		return nil, err
	}
	right, err := f.run(s.Right)
	if err != nil {
		return nil, err
	}
	count := map[string]int{}
	for _, r := range right {
		count[key(r)]++
	}
	var out []row
	done := map[string]bool{}
	for _, l := range left {
		k := key(l)
		if !s.All {
			if (count[k] > 0) == (s.Kind == Intersect) && !done[k] {
				out = append(out, l)
			}
			done[k] = true
			continue
		}
		hit := count[k] > 0
		if hit {
			count[k]--
		}
		if hit == (s.Kind == Intersect) {
			out = append(out, l)
		}
	}
	return out, nil
}

func (f *reference) recursive(u *RecursiveUnion) ([]row, error) {
	if f.work == nil {
		f.work = map[*WorkTable][]row{}
	}
	var out []row
	seen := map[string]bool{}
	for n := u.Initial; ; n = u.Step {
		rows, err := f.run(n)
		if err != nil {
			return nil, err
		}
		var fresh []row
		for _, r := range rows {
			if u.All || !seen[key(r)] {
				fresh = append(fresh, r)
			}
			seen[key(r)] = true
		}
		if len(fresh) == 0 {
			return out, nil
		}
		out = append(out, fresh...)
		f.work[u.Table] = fresh
	}
}

func (f *reference) aggregate(a *HashAggregate, rows []row, ts []types.Type) []row {
	var out []row
	for _, set := range a.groupingSets() {
		groups := map[string][]row{}
		keys := map[string]row{}
		var order []string
		add := func(k row) string {
			id := key(k)
			if _, ok := keys[id]; !ok {
				keys[id] = k
				order = append(order, id)
			}
			return id
		}
		if len(set) == 0 {
			add(make(row, len(a.GroupBy)))
		}
		for _, r := range rows {
			k := make(row, len(a.GroupBy))
			for _, g := range set {
				k[g] = f.value(a.GroupBy[g], r, ts)
			}
			id := add(k)
			groups[id] = append(groups[id], r)
		}
		for _, id := range order {
			o := slices.Clone(keys[id])
			for _, s := range a.Aggs {
				o = append(o, f.oneAggregate(s, groups[id], ts))
			}
			if a.GroupingSets != nil {
				o = append(o, types.NewInt64(groupingID(len(a.GroupBy), set)))
			}
			out = append(out, o)
		}
	}
	return out
}

// oneAggregate feeds one group's rows one by one.
func (f *reference) oneAggregate(s AggSpec, rows []row, ts []types.Type) types.Datum {
	state := s.Agg.NewState(&f.ctx)
	state.Grow(1)
	seen := map[string]bool{}
	order := s.OrderBy
	if s.Distinct && len(order) == 0 && !s.Agg.IgnoresOrder {
		for _, x := range s.Args {
			order = append(order, SortKey{Expr: x})
		}
	}
	for _, r := range f.sorted(rows, order, ts) {
		if !f.isTrue(s.Filter, r, ts) {
			continue
		}
		var args row
		b := vector.NewBatch(typesOf(s.Args), 1)
		for i, x := range s.Args {
			args = append(args, f.value(x, r, ts))
			b.Cols[i].Set(0, args[i])
		}
		if s.Distinct && seen[key(args)] {
			continue
		}
		seen[key(args)] = true
		if err := state.Add([]uint32{0}, b.Cols, nil, 1); err != nil {
			f.t.Fatal(err)
		}
	}
	out := vector.New(s.Agg.Result, 0)
	if err := state.Finish(out, 0, 1); err != nil {
		f.t.Fatal(err)
	}
	return out.Datum(0)
}

// key is a text that is equal for rows that SQL groups together.
func key(r row) string {
	var b strings.Builder
	for _, d := range r {
		switch d.Physical() {
		case types.PhysNone:
			b.WriteString("NULL")
		case types.PhysFloat32, types.PhysFloat64:
			x := d.Float()
			if math.IsNaN(x) {
				x = math.NaN()
			}
			fmt.Fprintf(&b, "%.9g", x+0) // sums of floats depend on the order
		case types.PhysString:
			fmt.Fprintf(&b, "%q", d.Str())
		case types.PhysInterval:
			x := vector.IntervalLength(d.Interval())
			fmt.Fprint(&b, x.Hi, ":", x.Lo)
		case types.PhysInt128:
			x := d.Int128()
			fmt.Fprint(&b, x.Hi, ":", x.Lo)
		default:
			fmt.Fprint(&b, d.Int())
		}
		b.WriteByte('|')
	}
	return b.String()
}

func (f *reference) window(w *Window, rows []row, ts []types.Type) []row {
	var keys []SortKey
	for _, p := range w.PartitionBy {
		keys = append(keys, SortKey{Expr: p})
	}
	rows = f.sorted(rows, append(keys, w.OrderBy...), ts)
	same := func(a, b row, keys []SortKey) bool { return f.compareKeys(a, b, keys, ts) == 0 }
	out := make([]row, len(rows))
	for i, r := range rows {
		from, to := i, i+1
		for from > 0 && same(rows[from-1], r, keys) {
			from--
		}
		for to < len(rows) && same(rows[to], r, keys) {
			to++
		}
		out[i] = slices.Clone(r)
		for _, x := range w.Funcs {
			out[i] = append(out[i], f.windowValue(w, x, rows[from:to], i-from, ts))
		}
	}
	return out
}

// windowValue evaluates one function for row i of a partition.
func (f *reference) windowValue(w *Window, x WindowFunc, part []row, i int, ts []types.Type) types.Datum {
	n := len(part)
	peer := func(a, b int) bool { return f.compareKeys(part[a], part[b], w.OrderBy, ts) == 0 }
	group := make([]int, n) // of peers
	for k := 1; k < n; k++ {
		group[k] = group[k-1]
		if !peer(k-1, k) {
			group[k]++
		}
	}
	first, last := slices.Index(group, group[i]), n-1
	for group[last] != group[i] {
		last--
	}
	arg := func(a, k int) types.Datum { return f.value(x.Args[a], part[k], ts) }
	lag := func(sign int64) types.Datum {
		off := types.NewInt64(1)
		if len(x.Args) > 1 {
			off = arg(1, i)
		}
		if off.IsNull() {
			return types.NullDatum
		}
		if k := int64(i) + sign*off.Int(); k >= 0 && k < int64(n) {
			return arg(0, int(k))
		}
		if len(x.Args) > 2 {
			return arg(2, i)
		}
		return types.NullDatum
	}
	frame := f.frameRows(x.Frame, part, group, i)
	nth := func(k int64) types.Datum {
		if k < 0 || k >= int64(len(frame)) {
			return types.NullDatum
		}
		return f.value(x.Args[0], frame[k], ts)
	}
	switch x.Kind {
	case RowNumber:
		return types.NewInt64(int64(i) + 1)
	case Rank:
		return types.NewInt64(int64(first) + 1)
	case DenseRank:
		return types.NewInt64(int64(group[i]) + 1)
	case PercentRank:
		if n == 1 {
			return types.NewFloat64(0)
		}
		return types.NewFloat64(float64(first) / float64(n-1))
	case CumeDist:
		return types.NewFloat64(float64(last+1) / float64(n))
	case Ntile:
		b := int(arg(0, i).Int())
		bucket, left := 1, 0
		for k := 0; k <= i; k++ { // deal the rows out
			size := n / b
			if bucket <= n%b {
				size++
			}
			if left == size {
				bucket, left = bucket+1, 0
			}
			left++
		}
		return types.NewInt32(int32(bucket))
	case Lag:
		return lag(-1)
	case Lead:
		return lag(1)
	case FirstValue:
		return nth(0)
	case LastValue:
		return nth(int64(len(frame)) - 1)
	case NthValue:
		if d := arg(1, i); !d.IsNull() {
			return nth(d.Int() - 1)
		}
		return types.NullDatum
	}
	return f.oneAggregate(x.Agg, frame, ts)
}

// frameRows returns the rows of the frame of row i of a partition; group numbers
// the peers.
func (f *reference) frameRows(fr Frame, part []row, group []int, i int) (frame []row) {
	offset := func(x fn.Expr) int64 { return f.value(x, nil, nil).Int() }
	for k := range part {
		unit := func(k int) int { return k }
		if fr.Mode != FrameRows {
			unit = func(k int) int { return group[k] }
		}
		d := int64(unit(k) - unit(i))
		in := true
		switch fr.Start {
		case CurrentRow:
			in = d >= 0
		case Preceding:
			in = d >= -offset(fr.StartOffset)
		case Following:
			in = d >= offset(fr.StartOffset)
		}
		switch fr.End {
		case CurrentRow, UnboundedPreceding:
			in = in && d <= 0
		case Preceding:
			in = in && d <= -offset(fr.EndOffset)
		case Following:
			in = in && d <= offset(fr.EndOffset)
		}
		out := false
		switch fr.Exclude {
		case ExcludeCurrentRow:
			out = k == i
		case ExcludeGroup:
			out = group[k] == group[i]
		case ExcludeTies:
			out = k != i && group[k] == group[i]
		}
		if in && !out {
			frame = append(frame, part[k])
		}
	}
	return frame
}

func (f *reference) projectSet(n *ProjectSet, rows []row, ts []types.Type) (out []row, err error) {
	for _, r := range rows {
		var args []types.Datum
		null := false
		for _, a := range n.Args {
			d := f.value(a, r, ts)
			args, null = append(args, d), null || d.IsNull()
		}
		if null {
			continue
		}
		next, err := n.Func(args)
		if err != nil {
			return nil, err
		}
		for v, ok := next(); ok; v, ok = next() {
			out = append(out, append(r[:len(r):len(r)], v))
		}
	}
	return out, nil
}
