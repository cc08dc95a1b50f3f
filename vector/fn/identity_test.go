package fn

import "testing"

// The table of identities agrees with itself and with the registry: each
// operator exists, is strict as its overloads are, and negation and commutation lead back.
func TestIdentities(t *testing.T) {
	for op := OpFunction + 1; op < opCount; op++ {
		name := op.String()
		if name == "" {
			t.Errorf("identity %d has no row in the table", op)
			continue
		}
		if opsByName[name] != op {
			t.Errorf("%q names two identities", name)
		}
		if n, ok := op.Negation(); ok {
			if back, _ := n.Negation(); back != op || n.Class() != op.Class() {
				t.Errorf("%q: its negation's negation is %q", name, back)
			}
		}
		if c, ok := op.Commuted(); ok {
			if back, _ := c.Commuted(); back != op || c.Class() != op.Class() {
				t.Errorf("%q: commuted twice is %q", name, back)
			}
		}
		if op == OpCast || op == OpIn {
			continue // not in the table of overloads
		}
		list := overloads()[name]
		if len(list) == 0 {
			t.Errorf("%q is not registered", name)
		}
		for _, o := range list {
			if o.nullable == op.Strict() {
				t.Errorf("%q: strict %v in the table, %v in an overload", name, op.Strict(), !o.nullable)
			}
		}
	}
	for name := range aggregateOps {
		if !IsAggregate(name) {
			t.Errorf("aggregate %q is not registered", name)
		}
	}
	for name := range zeroWhenEmpty {
		if !IsAggregate(name) {
			t.Errorf("aggregate %q is not registered", name)
		}
	}
	for name := range risky {
		if !IsScalar(name) {
			t.Errorf("function %q is not registered", name)
		}
	}
}
