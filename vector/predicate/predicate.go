// Package predicate is the one form of a condition on one column whose constants
// are known: what segments evaluate on encoded values, the delta and overlays on
// vectors, and what operators announce to scans while a query runs. A plan's form
// of it, with parameters, is plan.Predicate, whose Bind makes this one.
//
// Invariant: whoever takes a Predicate selects the same rows as any other.
// Predicates are immutable and shared; a Moving one may be read and narrowed
// concurrently.
//
// Not here: expressions (vector/fn), zone maps and encodings (colstore/segment).
package predicate

import (
	"fmt"
	"strings"

	"htapdb/sql/types"
	"htapdb/vector"
)

// Kind says which fields of a Predicate are in use.
type Kind uint8

// The kinds of predicates.
const (
	Compare   Kind = iota // column Op Value
	Range                 // Lo … Hi
	In                    // equal to one of List
	IsNull                // column IS NULL
	IsNotNull             // column IS NOT NULL
	Generic               // whatever Select selects
	Match                 // whatever Select selects, which lies within Lo … Hi
	Never                 // nothing
)

// Predicate is a condition on one column. Constants have the column's
// representation, integers of any width being taken for one another; the
// comparisons are those of vector.SelectCmp. Compare, Range and In never select
// a null row.
type Predicate struct {
	Kind Kind

	// Op and Value are those of Compare. A NULL Value selects nothing.
	Op    vector.CmpOp
	Value types.Datum

	// Lo and Hi bound a Range or Match, NULL meaning unbounded; LoOpen and HiOpen
	// exclude the bound itself.
	Lo, Hi         types.Datum
	LoOpen, HiOpen bool

	// List is that of In; NULLs in it are ignored.
	List []types.Datum

	// Select is that of Generic and Match: it returns the rows of sel (nil: the
	// first n) that pass, as the kernels of package vector do. It must depend on a
	// row's value only and be safe for concurrent use: for a dictionary it is called
	// once with the entries and once with a NULL instead of with the rows. If
	// that raises an error it is called with the rows after all, so that a value
	// that no tested row has cannot fail a query.
	Select func(v *vector.Vector, sel []int32, n int, out []int32) ([]int32, error)
}

// Selects reports that Select decides.
func (p *Predicate) Selects() bool { return p.Kind == Generic || p.Kind == Match }

// Comparison is one half of a range, or a whole comparison.
type Comparison struct {
	Op    vector.CmpOp
	Value types.Datum
}

// Comparisons returns the one or two comparisons that a Compare or Range
// consists of, and those that a Match implies; none for an unbounded one.
func (p *Predicate) Comparisons() []Comparison {
	if p.Kind == Compare {
		return []Comparison{{p.Op, p.Value}}
	}
	var list []Comparison
	if !p.Lo.IsNull() {
		op := vector.Ge
		if p.LoOpen {
			op = vector.Gt
		}
		list = append(list, Comparison{op, p.Lo})
	}
	if !p.Hi.IsNull() {
		op := vector.Le
		if p.HiOpen {
			op = vector.Lt
		}
		list = append(list, Comparison{op, p.Hi})
	}
	return list
}

// Text writes the predicate as a condition on the named column of type t; what
// Select decides is not known here and is "".
func (p *Predicate) Text(column string, t types.Type) string {
	value := func(d types.Datum) string {
		if d.IsNull() {
			return "NULL"
		}
		s := types.Format(d, t, nil)
		if t.IsNumber() || t.Kind == types.Bool {
			return s
		}
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	switch p.Kind {
	case Compare, Range:
		var parts []string
		for _, c := range p.Comparisons() {
			parts = append(parts, column+" "+c.Op.String()+" "+value(c.Value))
		}
		return strings.Join(parts, " AND ")
	case In:
		return fmt.Sprintf("%s IN (%d values)", column, len(p.List))
	case IsNull:
		return column + " IS NULL"
	case IsNotNull:
		return column + " IS NOT NULL"
	case Never:
		return "false"
	}
	return ""
}
