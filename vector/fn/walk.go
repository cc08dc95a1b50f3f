package fn

// Walk calls visit for e and, while it returns true, for the operands below it,
// parents first. A nil e is no visit.
func Walk(e Expr, visit func(Expr) bool) {
	if e == nil || !visit(e) {
		return
	}
	for _, c := range e.Children() {
		Walk(c, visit)
	}
}

// Transform rebuilds e from the bottom up: change gets each node with its
// operands already transformed and returns what stands in its place (the node
// itself for no change). Unchanged subtrees are shared with e.
func Transform(e Expr, change func(Expr) (Expr, error)) (Expr, error) {
	if e == nil {
		return nil, nil
	}
	old := e.Children()
	var fresh []Expr
	for i, c := range old {
		n, err := Transform(c, change)
		if err != nil {
			return nil, err
		}
		if n != c && fresh == nil {
			fresh = append(make([]Expr, 0, len(old)), old[:i]...)
		}
		if fresh != nil {
			fresh = append(fresh, n)
		}
	}
	if fresh != nil {
		e = e.WithChildren(fresh)
	}
	return change(e)
}

// MapColumns returns e with every Column replaced by what change returns for it.
func MapColumns(e Expr, change func(*Column) Expr) Expr {
	out, _ := Transform(e, func(n Expr) (Expr, error) {
		if c, ok := n.(*Column); ok {
			return change(c), nil
		}
		return n, nil
	})
	return out
}

// Columns returns the indexes of the columns that e reads, each once, in order of appearance.
func Columns(e Expr) []int {
	var out []int
	seen := map[int]bool{}
	Walk(e, func(n Expr) bool {
		if c, ok := n.(*Column); ok && !seen[c.Index] {
			seen[c.Index] = true
			out = append(out, c.Index)
		}
		return true
	})
	return out
}

// VolatilityOf returns the strongest volatility of the calls in e; parameters count as Stable.
func VolatilityOf(e Expr) Volatility {
	v := Immutable
	Walk(e, func(n Expr) bool {
		switch n := n.(type) {
		case *Call:
			v = max(v, n.Func.Volatility)
		case *Param:
			v = max(v, Stable)
		}
		return v < Volatile
	})
	return v
}

// Conjuncts splits e at its top-level ANDs, dropping the nesting; nil gives none.
func Conjuncts(e Expr) []Expr {
	if e == nil {
		return nil
	}
	and, ok := e.(*And)
	if !ok {
		return []Expr{e}
	}
	var out []Expr
	for _, a := range and.Args {
		out = append(out, Conjuncts(a)...)
	}
	return out
}

// NewAnd returns the conjunction of es: nil for none, the expression itself for one.
func NewAnd(es ...Expr) Expr {
	switch len(es) {
	case 0:
		return nil
	case 1:
		return es[0]
	}
	return &And{Args: es}
}

// NewOr returns the disjunction of es: nil for none, the expression itself for one.
func NewOr(es ...Expr) Expr {
	switch len(es) {
	case 0:
		return nil
	case 1:
		return es[0]
	}
	return &Or{Args: es}
}
