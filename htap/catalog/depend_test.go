package catalog

import (
	"context"
	"fmt"
	"testing"

	"htapdb/internal/testutil"
)

// meaning asks for everything that a name may mean and writes the answers down.
func meaning(d *Dependencies, s *Snapshot, name string) string {
	table, view, model := d.Table(s, "", name), d.View(s, "", name), d.Model(s, "", name)
	text := fmt.Sprint(d.Exists(s, "", name))
	for _, o := range []any{table, view, model} {
		form, _ := encode(o) // objects of the test can be encoded
		text += form
	}
	if table != nil {
		form, _ := encode(d.TableByID(s, table.ID))
		text += form
	}
	if view != nil {
		form, _ := encode(d.ViewByID(s, view.ID))
		text += form
	}
	return text
}

// Dependencies hold exactly as long as the catalog says the same of what was
// asked for, on every search path, for names that mean nothing too.
func TestDependenciesHold(t *testing.T) {
	c := open(t)
	g := &changer{t: t, c: c, rng: testutil.Rand(t)}
	paths := [][]string{{DefaultSchema}, {"other", DefaultSchema}, {DefaultSchema, "other"}}
	type asked struct {
		deps *Dependencies
		path []string
		name string
		text string
	}
	var all []asked
	held, changed := 0, 0
	for range 400 {
		txn := begin(t, c)
		s, err := c.InTxn(txn, false)
		if err != nil {
			t.Fatal(err)
		}
		g.change(txn, s)
		if _, err := txn.Commit(context.Background()); err != nil {
			t.Fatal(err)
		}
		for i := range all {
			a := &all[i]
			s := now(t, c).Along(a.path)
			same := meaning(nil, s, a.name) == a.text
			if got := a.deps.Hold(s); got != same {
				t.Fatalf("%q on %v: hold is %v, what the catalog says is the same: %v", a.name, a.path, got, same)
			}
			if same {
				held++
			} else {
				changed++
			}
		}
		if len(all) == 100 {
			all = all[:0]
		}
		for range 5 {
			a := asked{deps: &Dependencies{}, path: paths[g.rng.IntN(len(paths))], name: g.name()}
			a.text = meaning(a.deps, now(t, c).Along(a.path), a.name)
			all = append(all, a)
		}
	}
	if held < 1000 || changed < 1000 {
		t.Errorf("held %d times, changed %d times: the test has lost its point", held, changed)
	}
}

// What the whole catalog has an influence on holds for its version alone, what
// something else has one on never.
func TestDependenciesOnMore(t *testing.T) {
	c := open(t)
	g := &changer{t: t, c: c, rng: testutil.Rand(t)}
	commit := func() *Snapshot {
		t.Helper()
		txn := begin(t, c)
		q := &Sequence{ID: g.id(), Schema: DefaultSchema, Name: fmt.Sprint("q", g.next), Increment: 1, Min: 1, Max: 9}
		if err := c.CreateSequence(t.Context(), txn, q); err != nil {
			t.Fatal(err)
		}
		if _, err := txn.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		return now(t, c)
	}
	s := commit()
	whole, unseen, own := &Dependencies{}, &Dependencies{}, &Dependencies{}
	whole.Whole(s)
	unseen.Unseen()
	mine := s.clone(0)
	own.Whole(mine)
	if !whole.Hold(s) || unseen.Hold(s) || own.Hold(mine) {
		t.Errorf("at the version: %v %v %v", whole.Hold(s), unseen.Hold(s), own.Hold(mine))
	}
	if next := commit(); whole.Hold(next) || unseen.Hold(next) {
		t.Error("they hold at the next version")
	}
}
