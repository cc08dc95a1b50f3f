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

// lockRows prepares the Lock of a FOR UPDATE clause: the scans below yield
// locators and all their columns, and the projection p carries them up to the
// Lock, which is put above DISTINCT ON's place and sorts.
func (c *core) lockRows(e *parser.SelectCore, s *parser.SelectStmt, p *plan.Project) (*plan.Lock, error) {
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
		if c.sc.ns.find(name.Schema, name.Name) == nil {
			return nil, b.errorAt(name.Pos(), sqlstate.UndefinedTable, "relation %q in FOR UPDATE clause not found in FROM clause", name.Name)
		}
	}
	p.Input = plan.Rewrite(p.Input, func(n plan.Node) plan.Node {
		scan, ok := n.(*plan.Scan)
		if !ok || !wanted(clause.Of, scan.Alias) || !c.owns(scan) {
			return n
		}
		return c.lockScan(scan, l, p)
	})
	if len(l.Targets) == 0 {
		return nil, b.unsupported(clause.Pos(), "FOR UPDATE of anything but tables is")
	}
	for _, cond := range c.where {
		if plan.HasSubquery(cond) {
			l.Complete = false
			continue
		}
		l.Recheck = append(l.Recheck, cond)
		c.carry(p, cond)
	}
	return l, nil
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
	rel := c.sc.ns.find("", scan.Alias)
	return rel != nil && rel.table == scan.Table && !scan.Table.Virtual
}

func (c *core) lockScan(scan *plan.Scan, l *plan.Lock, p *plan.Project) plan.Node {
	key := plan.NewKeyColumn(c.b.ids)
	target := plan.LockTarget{Table: scan.Table, Alias: scan.Alias, Key: key.ID, Cols: scan.Cols}
	l.Targets = append(l.Targets, target)
	out := scan.WithCols(append(append([]plan.ScanColumn(nil), scan.Cols...), key))
	for _, col := range out.Columns() {
		c.carryColumn(p, col)
	}
	return out
}

// carry makes the columns that e reads available above the projection.
func (c *core) carry(p *plan.Project, e fn.Expr) {
	used := plan.Used(e)
	for _, col := range p.Input.Columns() {
		if used.Has(col.ID) {
			c.carryColumn(p, col)
		}
	}
}

func (c *core) carryColumn(p *plan.Project, col plan.Column) {
	for _, have := range p.Cols {
		if have.ID == col.ID {
			return
		}
	}
	p.Items, p.Cols = append(p.Items, plan.Ref(col)), append(p.Cols, col)
}
