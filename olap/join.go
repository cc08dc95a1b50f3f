package olap

import (
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// JoinKind says which rows a HashJoin yields.
type JoinKind uint8

// The kinds. A pair matches when all keys are equal and Residual is true.
const (
	// Inner yields the matching pairs.
	Inner JoinKind = iota
	// Left yields pairs, and probe rows without a match with NULL build columns.
	Left
	// Right yields pairs, and build rows without a match with NULL probe columns.
	Right
	// Full is Left and Right together.
	Full
	// Semi yields each probe row that has a match, once; no build columns.
	Semi
	// Anti yields each probe row that has no match; no build columns. With
	// NullAware keys it is NOT IN: rows whose IN would be NULL are not yielded either.
	Anti
	// Mark yields every probe row and one BOOLEAN: whether it has a match. With
	// NullAware keys the mark is that of IN: NULL where that is unknown.
	Mark
	// Single yields every probe row with its only match or NULLs, and ends with
	// CardinalityViolation when a row has two (a scalar subquery).
	Single
	// BuildSemi yields each build row that has a match, once; no probe columns.
	BuildSemi
	// BuildAnti yields each build row that has no match; no probe columns.
	BuildAnti
	// Cross yields all pairs for which Residual is true; it has no keys.
	Cross
)

// String returns the SQL-like name of the kind.
func (k JoinKind) String() string {
	return [...]string{"Inner", "Left", "Right", "Full", "Semi", "Anti", "Mark", "Single", "Build Semi", "Build Anti", "Cross"}[k]
}

// HashJoin joins by a hash table over its build input. Any kind may have no keys:
// then every pair is a candidate (a nested-loop join).
//
// The output is the ProbeOut columns of the probe input (none for BuildSemi and
// BuildAnti), then the BuildOut columns of the build input (none for Semi, Anti
// and Mark), then, for Mark, the BOOLEAN.
type HashJoin struct {
	// Probe (left) is streamed, Build (right) is kept in memory.
	Probe, Build Node
	Kind         JoinKind
	// ProbeKeys are over Probe's columns, BuildKeys over Build's: as many, of
	// pairwise equal types.
	ProbeKeys, BuildKeys []fn.Expr
	// NullSafe marks keys compared by IS NOT DISTINCT FROM; nil is none. For the
	// others NULL matches nothing.
	NullSafe []bool
	// NullAware, for Anti and Mark, marks the keys that stand for x [NOT] IN
	// (subquery): comparing with NULL is unknown rather than false. The other keys
	// and Residual are conditions of the subquery. nil is none.
	NullAware []bool
	// Residual is a condition on Probe's columns followed by Build's; may be nil.
	Residual fn.Expr
	// ProbeOut and BuildOut are the positions of the columns to yield; nil is all.
	ProbeOut, BuildOut []int
}

// hasProbe and hasBuild report which input's columns the join yields.
func (j *HashJoin) hasProbe() bool { return j.Kind != BuildSemi && j.Kind != BuildAnti }
func (j *HashJoin) hasBuild() bool { return j.Kind != Semi && j.Kind != Anti && j.Kind != Mark }

// Types returns the output columns' types.
func (j *HashJoin) Types() []types.Type {
	var ts []types.Type
	if j.hasProbe() {
		ts = append(ts, pick(j.Probe.Types(), j.ProbeOut)...)
	}
	if j.hasBuild() {
		ts = append(ts, pick(j.Build.Types(), j.BuildOut)...)
	}
	if j.Kind == Mark {
		ts = append(ts, types.TBool)
	}
	return ts
}

// Inputs returns the probe input, then the build input.
func (j *HashJoin) Inputs() []Node { return []Node{j.Probe, j.Build} }

// Name returns "Hash Join" with the kind, or "Nested Loop" without keys.
func (j *HashJoin) Name() string {
	kind := ""
	if j.Kind != Inner {
		kind = j.Kind.String() + " "
	}
	if len(j.ProbeKeys) == 0 {
		if j.Kind == Cross {
			kind = ""
		}
		return "Nested Loop " + kind + "Join"
	}
	return "Hash " + kind + "Join"
}
