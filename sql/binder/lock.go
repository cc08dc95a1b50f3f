package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/vector/fn"
)

var lockStrengths = map[parser.LockStrength]plan.LockStrength{
	parser.ForKeyShare: plan.ForKeyShare, parser.ForShare: plan.ForShare,
	parser.ForNoKeyUpdate: plan.ForNoKeyUpdate, parser.ForUpdate: plan.ForUpdate,
}

var lockWaits = map[parser.LockWait]plan.LockWait{
	parser.LockBlock: plan.LockBlock, parser.LockNoWait: plan.LockNoWait, parser.LockSkip: plan.LockSkip,
}

// finishLocked completes a SELECT with a locking clause: rows are sorted, then
// locked, then limited, and the select list is computed last, from the values
// that the rows have when their lock is held.
func (c *core) finishLocked(e *parser.SelectCore, s *parser.SelectStmt) (*query, error) {
	l, err := c.lockRows(e, s)
	if err != nil {
		return nil, err
	}
	l.Input = c.node
	if len(c.keys) > 0 {
		l.Input = &plan.Sort{Input: c.node, Keys: c.keys}
	}
	limited, err := c.b.limit(l, s, c.keys, c.sc)
	if err != nil {
		return nil, err
	}
	q, p := &query{open: true}, &plan.Project{Input: limited}
	have := plan.NewColSet(limited.Columns())
	for _, it := range c.items {
		col := c.itemColumn(it, &have)
		p.Items, p.Cols = append(p.Items, it.expr), append(p.Cols, col)
		q.cols = append(q.cols, outColumn{col, it.pos})
	}
	q.node = p
	return q, nil
}

// lockRows makes the Lock of a FOR UPDATE clause; the scans below it yield locators.
func (c *core) lockRows(e *parser.SelectCore, s *parser.SelectStmt) (*plan.Lock, error) {
	b, clause := c.b, s.Locking[0]
	switch {
	case len(s.Locking) > 1:
		return nil, b.unsupported(s.Locking[1].Pos(), "several locking clauses are")
	case e.Distinct:
		return nil, b.errorAt(clause.Pos(), sqlstate.FeatureNotSupported, "FOR UPDATE is not allowed with DISTINCT clause")
	case c.groups != nil || c.having != nil:
		return nil, b.errorAt(clause.Pos(), sqlstate.FeatureNotSupported, "FOR UPDATE is not allowed with GROUP BY clause")
	case len(c.sc.windows) > 0:
		return nil, b.errorAt(clause.Pos(), sqlstate.FeatureNotSupported, "FOR UPDATE is not allowed with window functions")
	}
	b.locks = true
	l := &plan.Lock{Strength: lockStrengths[clause.Strength], Wait: lockWaits[clause.Wait], Complete: true}
	for _, name := range clause.Of {
		rel, err := b.relation(c.sc.ns, name.Schema, name.Name, name.Pos())
		if err != nil {
			return nil, err
		}
		if rel == nil {
			return nil, b.errorAt(name.Pos(), sqlstate.UndefinedTable, "relation %q in FOR UPDATE clause not found in FROM clause", name.Name)
		}
	}
	c.node = plan.Rewrite(c.node, func(n plan.Node) plan.Node {
		scan, ok := n.(*plan.Scan)
		if !ok || !wanted(clause.Of, scan.Alias) || !c.owns(scan) {
			return n
		}
		return c.lockScan(scan, l)
	})
	if len(l.Targets) == 0 {
		return nil, b.unsupported(clause.Pos(), "FOR UPDATE of anything but tables is")
	}
	l.Recheck, l.Complete = recheck(append(joinConditions(c.node, &l.Complete), c.where...), l.Complete)
	return l, nil
}

// recheck splits off the conditions that cannot be evaluated on one row again.
func recheck(conds []fn.Expr, complete bool) ([]fn.Expr, bool) {
	var out []fn.Expr
	for _, cond := range conds {
		if plan.HasSubquery(cond) {
			complete = false
			continue
		}
		out = append(out, cond)
	}
	return out, complete
}

// joinConditions are the conditions of the inner joins of a FROM clause. Those
// of other joins, and in derived tables, cannot be rechecked.
func joinConditions(n plan.Node, complete *bool) []fn.Expr {
	var out []fn.Expr
	switch n := n.(type) {
	case *plan.Join:
		if n.Kind != plan.InnerJoin {
			*complete = false
			return nil
		}
		out = append(joinConditions(n.Left, complete), joinConditions(n.Right, complete)...)
		return append(out, n.Residual...)
	case *plan.Filter:
		return joinConditions(n.Input, complete)
	case *plan.Scan, *plan.FileScan, *plan.Values, *plan.TableFunc, *plan.CTERef:
	default:
		*complete = false
	}
	return out
}

func wanted(of []parser.ObjectName, alias string) bool {
	for _, n := range of {
		if n.Name == alias {
			return true
		}
	}
	return len(of) == 0
}

// owns reports whether a scan is a FROM item of this level, not of a derived table.
func (c *core) owns(scan *plan.Scan) bool {
	for _, rel := range c.sc.ns.rels {
		if rel.name == scan.Alias && rel.table == scan.Table {
			return !scan.Table.Virtual
		}
	}
	return false
}

// lockScan adds a locator to a scan and makes it a target.
func (c *core) lockScan(scan *plan.Scan, l *plan.Lock) plan.Node {
	key := plan.NewKeyColumn(c.b.ids)
	l.Targets = append(l.Targets, plan.LockTarget{Table: scan.Table, Alias: scan.Alias, Key: key.ID, Cols: scan.Cols})
	return scan.WithCols(append(append([]plan.ScanColumn(nil), scan.Cols...), key))
}
