package catalog

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"htapdb/internal/testutil"
	"htapdb/rowstore"
	"htapdb/sql/types"
)

// teller tells a catalog of its changes, as the change feed does.
type teller struct {
	c *Store
}

func (t *teller) Reserve(context.Context, int64) error { return nil }
func (t *teller) Release(int64)                        {}
func (t *teller) Advance(_, _ rowstore.Timestamp)      {}
func (t *teller) Enqueue(ev *rowstore.Event) {
	if t.c != nil && Touches(ev) {
		t.c.Changed(ev)
	}
}

// open returns an empty catalog in memory.
func open(t testing.TB) *Store {
	t.Helper()
	tell := &teller{}
	rows, err := rowstore.Open("", rowstore.Options{Publisher: tell})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rows.Close() })
	c, err := New(rows)
	if err != nil {
		t.Fatal(err)
	}
	tell.c = c
	return c
}

// begin starts a transaction with a statement in it.
func begin(t testing.TB, c *Store) *rowstore.Txn {
	t.Helper()
	txn, err := c.rows.Begin(rowstore.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	step(t, txn)
	return txn
}

// step starts the transaction's next statement.
func step(t testing.TB, txn *rowstore.Txn) {
	t.Helper()
	if err := txn.StartStatement(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// now returns the committed catalog.
func now(t testing.TB, c *Store) *Snapshot {
	t.Helper()
	snap := c.rows.Snapshot()
	defer snap.Close()
	s, err := c.At(snap)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// text writes down all that a catalog says, by every way of asking.
func text(s *Snapshot) string {
	var b strings.Builder
	for _, t := range s.Tables() {
		form, _ := encode(t) // descriptors of the test can be encoded
		fmt.Fprintln(&b, "table", form, s.Table(t.Schema, t.Name) == t, s.TableByID(t.ID) == t, s.TableByStorage(t.StorageID) == t)
		for i := range t.Indexes {
			fmt.Fprintln(&b, "index", t.Indexes[i].Name, s.IndexTable(t.Schema, t.Indexes[i].Name) == t)
		}
		fmt.Fprintln(&b, "primary", t.PrimaryName, t.HiddenKey() || s.IndexTable(t.Schema, t.PrimaryName) == t)
	}
	for _, v := range s.Views() {
		fmt.Fprintln(&b, "view", v.Schema, v.Name, v.SQL, s.View(v.Schema, v.Name) == v, s.ViewByID(v.ID) == v)
	}
	for _, q := range s.Sequences() {
		fmt.Fprintln(&b, "sequence", q.Schema, q.Name, q.Start, q.Owner, s.Sequence(q.Schema, q.Name) == q, s.SequenceByID(q.ID) == q)
	}
	for _, m := range s.Models() {
		fmt.Fprintln(&b, "model", m.Schema, m.Name, m.Version, s.Model(m.Schema, m.Name) == m)
	}
	fmt.Fprintln(&b, "schemas", s.Schemas(), s.indexes.m.Len(), s.primaries.m.Len(), s.byID.m.Len(), s.byStorage.m.Len(), s.viewByID.m.Len(), s.seqByID.m.Len())
	return b.String()
}

// changer makes random changes of a catalog.
type changer struct {
	t    testing.TB
	c    *Store
	rng  *rand.Rand
	next ID
}

func (g *changer) id() ID {
	g.next++
	return FirstUserID + g.next
}

func (g *changer) name() string { return string(rune('a' + g.rng.IntN(6))) }

// change makes one change in the transaction, which sees s. A name that is taken
// is an error of the change, and nothing is done.
func (g *changer) change(txn *rowstore.Txn, s *Snapshot) {
	ctx, schema, n := context.Background(), DefaultSchema, g.name()
	if g.rng.IntN(3) == 0 {
		schema = "other"
	}
	var err error
	table := s.Table(schema, n)
	switch g.rng.IntN(9) {
	case 0, 1:
		if s.Exists(schema, n) {
			return
		}
		t := &Table{ID: g.id(), StorageID: g.id(), Schema: schema, Name: n, Columns: []Column{{ID: 1, Name: "x", Type: types.TInt8}}}
		if i := "i" + n; !s.Exists(schema, i) {
			t.Indexes = []Index{{ID: g.id(), Name: i, Columns: []int{0}}}
		}
		if p := "p" + n; !s.Exists(schema, p) {
			t.Primary, t.PrimaryName = []int{0}, p
		}
		err = g.c.CreateTable(ctx, txn, t)
	case 2: // a new name, or a new storage
		if table == nil {
			return
		}
		next := table.Clone()
		if to := g.name(); g.rng.IntN(2) == 0 && !s.Exists(schema, to) {
			next.Name = to
		}
		next.StorageID = g.id()
		err = g.c.AlterTable(ctx, txn, table, next)
	case 3:
		if table == nil {
			return
		}
		err = g.c.DropTable(ctx, txn, s, table)
	case 4:
		v := s.View(schema, n)
		if v == nil && s.Exists(schema, n) {
			return
		}
		next := &View{ID: g.id(), Schema: schema, Name: n, SQL: fmt.Sprint("SELECT ", g.next)}
		err = g.c.PutView(ctx, txn, next, v != nil)
	case 5:
		if v := s.View(schema, n); v != nil {
			err = g.c.DropView(ctx, txn, v)
		}
	case 6:
		if q := s.Sequence(schema, n); q != nil {
			err = g.c.DropSequence(ctx, txn, q)
		} else if !s.Exists(schema, n) {
			err = g.c.CreateSequence(ctx, txn, &Sequence{ID: g.id(), Schema: schema, Name: n, Start: int64(g.next), Increment: 1})
		}
	case 7:
		m := s.Model(schema, n)
		if m != nil && g.rng.IntN(2) == 0 {
			err = g.c.DropModel(ctx, txn, m)
		} else {
			err = g.c.PutModel(ctx, txn, &Model{ID: g.id(), Schema: schema, Name: n}, []byte(n), m != nil)
		}
	case 8:
		if !s.HasSchema(n) {
			err = g.c.CreateSchema(ctx, txn, n)
		} else {
			err = g.c.DropSchema(ctx, txn, n)
		}
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

// A catalog that is made of the one before it and what changed says the same as
// one that reads all objects: in transactions with savepoints, after commits and
// rollbacks, and for readers of the past.
func TestIncrementalIsWhole(t *testing.T) {
	rng := testutil.Rand(t)
	c := open(t)
	g := &changer{t: t, c: c, rng: rng}
	type reader struct {
		snap *rowstore.Snapshot
		want string
	}
	var past []reader
	for range 300 {
		txn := begin(t, c)
		var savepoint *rowstore.Savepoint
		for k := range 1 + rng.IntN(6) {
			s, err := c.InTxn(txn, k > 0)
			if err != nil {
				t.Fatal(err)
			}
			whole, err := c.load(txn, 0)
			if err != nil {
				t.Fatal(err)
			}
			if have, want := text(s), text(whole); have != want {
				t.Fatalf("a transaction sees\n%s\nof\n%s", have, want)
			}
			g.change(txn, s)
			switch rng.IntN(4) {
			case 0:
				sp := txn.Savepoint()
				savepoint = &sp
			case 1:
				if savepoint != nil {
					if err := txn.RollbackTo(*savepoint); err != nil {
						t.Fatal(err)
					}
					savepoint = nil
				}
			}
			step(t, txn)
		}
		if rng.IntN(4) == 0 {
			txn.Rollback()
		} else if _, err := txn.Commit(context.Background()); err != nil {
			t.Fatal(err)
		}
		if rng.IntN(3) > 0 {
			continue // the next version is made of several changes
		}
		snap := c.rows.Snapshot()
		whole, err := c.load(snap, 0)
		if err != nil {
			t.Fatal(err)
		}
		past = append(past, reader{snap, text(whole)})
		k := rng.IntN(len(past))
		s, err := c.At(past[k].snap)
		if err != nil {
			t.Fatal(err)
		}
		if have := text(s); have != past[k].want {
			t.Fatalf("a reader of the past sees\n%s\nof\n%s", have, past[k].want)
		}
	}
	for _, r := range past {
		r.snap.Close()
	}
}

// A change leaves the other objects the same pointers, in a transaction too:
// that is what plans depend on.
func TestUntouchedObjectsStay(t *testing.T) {
	c := open(t)
	ctx := context.Background()
	txn := begin(t, c)
	for _, n := range []string{"a", "b"} {
		table := &Table{ID: FirstUserID + ID(n[0]), StorageID: FirstUserID + ID(n[0]), Schema: DefaultSchema, Name: n}
		if err := c.CreateTable(ctx, txn, table); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := txn.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	before := now(t, c)
	txn = begin(t, c)
	next := before.Table("", "a").Clone()
	next.Comment = "new"
	if err := c.AlterTable(ctx, txn, before.Table("", "a"), next); err != nil {
		t.Fatal(err)
	}
	step(t, txn)
	own, err := c.InTxn(txn, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := txn.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	after := now(t, c)
	for what, s := range map[string]*Snapshot{"the transaction": own, "the next version": after} {
		if s.Table("", "b") != before.Table("", "b") {
			t.Errorf("%s has another descriptor of a table that nobody changed", what)
		}
		if s.Table("", "a") == before.Table("", "a") || s.Table("", "a").Comment != "new" {
			t.Errorf("%s has the old descriptor of the changed table", what)
		}
	}
	if before.Table("", "a").Comment != "" {
		t.Error("the older version changed")
	}
}

// An object of a kind that nobody knows is an error, not left out.
func TestUnknownKind(t *testing.T) {
	c := open(t)
	ctx := context.Background()
	txn := begin(t, c)
	if err := c.put(ctx, txn, relations, DefaultSchema, "new", "hypertable", 1, struct{}{}, false); err != nil {
		t.Fatal(err)
	}
	if _, err := txn.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	snap := c.rows.Snapshot()
	defer snap.Close()
	if _, err := c.At(snap); err == nil || !strings.Contains(err.Error(), "hypertable") {
		t.Fatalf("a catalog with an object of an unknown kind was read: %v", err)
	}
}

// BenchmarkDDL is a CREATE TABLE and a look at the catalog beside many tables.
func BenchmarkDDL(b *testing.B) {
	for _, tables := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("tables=%d", tables), func(b *testing.B) {
			c := open(b)
			ctx := context.Background()
			next := FirstUserID
			create := func(txn *rowstore.Txn) {
				next++
				t := &Table{ID: next, StorageID: next, Schema: DefaultSchema, Name: fmt.Sprint("t", next),
					Columns: []Column{{ID: 1, Name: "x", Type: types.TInt8}, {ID: 2, Name: "y", Type: types.TText}}}
				if err := c.CreateTable(ctx, txn, t); err != nil {
					b.Fatal(err)
				}
			}
			txn := begin(b, c)
			for range tables {
				create(txn)
			}
			if _, err := txn.Commit(ctx); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				txn := begin(b, c)
				create(txn)
				step(b, txn)
				if _, err := c.InTxn(txn, true); err != nil {
					b.Fatal(err)
				}
				if _, err := txn.Commit(ctx); err != nil {
					b.Fatal(err)
				}
				if s := now(b, c); s.TableByID(next) == nil {
					b.Fatal("the new table is not there")
				}
			}
		})
	}
}
