package router

import (
	"htapdb/sql/opt"
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// maxKeys bounds the list of keys of one access; longer lists are filters.
const maxKeys = 1024

// bestRowAccess returns the cheapest access through the row store, with RowCost set.
func bestRowAccess(s *plan.Scan, rows float64) *plan.Access {
	best := &plan.Access{Path: plan.RowScan, RowCost: rowScanCost(s, rows)}
	cs := constraints(s)
	if len(cs) == 0 {
		return best
	}
	try := func(index *plan.Index, key []int, unique bool) {
		a := indexAccess(s, cs, index, key, unique, rows)
		if a != nil && a.RowCost < best.RowCost {
			best = a
		}
	}
	try(nil, s.Table.PrimaryKey, true)
	for i := range s.Table.Indexes {
		if x := &s.Table.Indexes[i]; x.Valid {
			try(x, x.Columns, x.Unique)
		}
	}
	return best
}

// indexAccess builds the access through one index, nil if the filters do not constrain it.
func indexAccess(s *plan.Scan, cs map[int]*constraint, index *plan.Index, key []int, unique bool, rows float64) *plan.Access {
	a := &plan.Access{Path: plan.RowIndexScan, Index: index}
	keys := [][]fn.Expr{{}}
	prefix := 0
	var used []fn.Expr
	for _, o := range key {
		c := cs[o]
		if c == nil || c.values == nil || len(keys)*len(c.values) > maxKeys {
			break
		}
		keys = cross(keys, c.values)
		used = append(used, c.conds...)
		prefix++
	}
	if prefix > 0 {
		a.Keys = keys
	}
	if prefix < len(key) {
		if c := cs[key[prefix]]; c != nil && (c.lo != nil || c.hi != nil) {
			a.Lo, a.Hi = c.lo, c.hi
			used = append(used, c.conds...)
		}
	}
	if prefix == 0 && a.Lo == nil && a.Hi == nil {
		return nil
	}
	whole := prefix == len(key)
	matched := rows * opt.Selectivity(used, columnStats(s))
	if whole && unique {
		a.Path = plan.RowPointGet
		if len(keys) != 1 {
			a.Path = plan.RowMultiGet
		}
		matched = min(matched, float64(len(keys)))
	}
	a.RowCost = indexCost(s, index != nil, max(1, float64(len(keys))), matched)
	return a
}

// cross extends every key by every value.
func cross(keys [][]fn.Expr, values []fn.Expr) [][]fn.Expr {
	out := make([][]fn.Expr, 0, len(keys)*len(values))
	for _, k := range keys {
		for _, v := range values {
			out = append(out, append(k[:len(k):len(k)], v))
		}
	}
	return out
}
