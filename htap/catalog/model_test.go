package catalog

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"htapdb/internal/testutil"
	"htapdb/rowstore"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// commitDo runs f in a transaction of its own.
func commitDo(t testing.TB, c *Store, f func(txn *rowstore.Txn) error) {
	t.Helper()
	txn := begin(t, c)
	if err := f(txn); err != nil {
		t.Fatal(err)
	}
	if _, err := txn.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// chunkRows is the number of rows that states have.
func chunkRows(t testing.TB, c *Store) (n int) {
	t.Helper()
	snap := c.rows.Snapshot()
	defer snap.Close()
	it := snap.Scan(c.chunks, rowstore.Span{}, rowstore.ScanOptions{})
	defer it.Close()
	for it.Next() {
		n++
	}
	if it.Err() != nil {
		t.Fatal(it.Err())
	}
	return n
}

// state reads a model's state now.
func state(c *Store, m *Model) ([]byte, error) {
	snap := c.rows.Snapshot()
	defer snap.Close()
	return c.ModelState(snap, m)
}

func random(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// A state is what was put, whatever its length; a replacement and a removal leave
// nothing of it, a rollback all.
func TestModelStates(t *testing.T) {
	c, rng := open(t), testutil.Rand(t)
	ctx := t.Context()
	for _, n := range []int{0, 1, modelChunk - 1, modelChunk, modelChunk + 1, 5*modelChunk + 77} {
		first, second := random(rng, n), random(rng, n/2+3)
		commitDo(t, c, func(txn *rowstore.Txn) error {
			return c.PutModel(ctx, txn, &Model{Schema: DefaultSchema, Name: "m"}, first, false)
		})
		m := now(t, c).Model("", "m")
		if got, err := state(c, m); err != nil || !bytes.Equal(got, first) {
			t.Fatalf("%d bytes: read %d, %v", n, len(got), err)
		}
		if rows := chunkRows(t, c); rows != (n+modelChunk-1)/modelChunk {
			t.Errorf("%d bytes: %d rows", n, rows)
		}
		before := c.rows.Snapshot()
		txn := begin(t, c)
		if err := c.PutModel(ctx, txn, &Model{Schema: DefaultSchema, Name: "m"}, second, true); err != nil {
			t.Fatal(err)
		}
		step(t, txn)
		own, err := c.InTxn(txn, true)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.ModelState(txn, own.Model("", "m")); err != nil || !bytes.Equal(got, second) {
			t.Errorf("%d bytes in the transaction: %d, %v", n, len(got), err)
		}
		txn.Rollback()
		if got, err := state(c, m); err != nil || !bytes.Equal(got, first) {
			t.Errorf("%d bytes after a rollback: %d, %v", n, len(got), err)
		}
		commitDo(t, c, func(txn *rowstore.Txn) error {
			return c.PutModel(ctx, txn, &Model{Schema: DefaultSchema, Name: "m"}, second, true)
		})
		next := now(t, c).Model("", "m")
		if got, err := state(c, next); err != nil || !bytes.Equal(got, second) || next.ID != m.ID || next.Version != m.Version+1 {
			t.Errorf("%d bytes, replaced: %d, version %d, %v", n, len(got), next.Version, err)
		}
		if got, err := c.ModelState(before, m); err != nil || !bytes.Equal(got, first) {
			t.Errorf("%d bytes in a snapshot of before: %d, %v", n, len(got), err)
		}
		before.Close()
		if _, err := state(c, m); n > 0 && (!sqlstate.Is(err, sqlstate.SerializationFailure) || !StateGone(err)) {
			t.Errorf("%d bytes, replaced: the former state gives %v", n, err)
		}
		commitDo(t, c, func(txn *rowstore.Txn) error { return c.DropModel(ctx, txn, next) })
		if rows := chunkRows(t, c); rows != 0 {
			t.Errorf("%d bytes: %d rows are left", n, rows)
		}
	}
}

// Whoever replaces a model that others have replaced or dropped since the
// statement began takes the place of what is there.
func TestModelsReplacedAtOnce(t *testing.T) {
	c := open(t)
	ctx := t.Context()
	put := func(text string, replace bool) func(*rowstore.Txn) error {
		return func(txn *rowstore.Txn) error {
			return c.PutModel(ctx, txn, &Model{Schema: DefaultSchema, Name: "m"}, []byte(text), replace)
		}
	}
	commitDo(t, c, put("one", false))
	late := begin(t, c)
	commitDo(t, c, put("two", true))
	if err := put("three", true)(late); err != nil {
		t.Fatal(err)
	}
	if _, err := late.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	m := now(t, c).Model("", "m")
	if got, err := state(c, m); err != nil || string(got) != "three" || m.Version != 3 || chunkRows(t, c) != 1 {
		t.Errorf("%q, version %d, %d rows, %v", got, m.Version, chunkRows(t, c), err)
	}
	late = begin(t, c)
	commitDo(t, c, func(txn *rowstore.Txn) error { return c.DropModel(ctx, txn, m) })
	if err := put("four", true)(late); err != nil {
		t.Fatal(err)
	}
	if _, err := late.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	again := now(t, c).Model("", "m")
	if got, err := state(c, again); err != nil || string(got) != "four" || again.Version != 1 || again.ID == m.ID {
		t.Errorf("after a removal: %q, version %d, %v", got, again.Version, err)
	}
	// A removal takes what has replaced the model that it saw.
	late = begin(t, c)
	commitDo(t, c, put("five", true))
	if err := c.DropModel(ctx, late, again); err != nil {
		t.Fatal(err)
	}
	if _, err := late.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if chunkRows(t, c) != 0 || now(t, c).Model("", "m") != nil {
		t.Errorf("%d rows are left", chunkRows(t, c))
	}
}

// A damaged state is an error that names the model, and not another model.
func TestModelStateDamaged(t *testing.T) {
	c, rng := open(t), testutil.Rand(t)
	ctx := t.Context()
	good := random(rng, 2*modelChunk)
	commitDo(t, c, func(txn *rowstore.Txn) error {
		return c.PutModel(ctx, txn, &Model{Schema: DefaultSchema, Name: "m"}, good, false)
	})
	m := now(t, c).Model("", "m")
	for name, bad := range map[string][]byte{"a bit": append(bytes.Clone(good[modelChunk:2*modelChunk-1]), good[2*modelChunk-1]^1), "a byte less": good[modelChunk+1:], "nothing": {}} {
		commitDo(t, c, func(txn *rowstore.Txn) error {
			key, err := c.chunkKey(m, 1)
			if err == nil {
				_, err = txn.Update(ctx, c.chunks, key, []types.Datum{types.NewInt64(int64(m.StateID)), types.NewInt32(1), types.NewString(string(bad))})
			}
			return err
		})
		if _, err := state(c, m); !sqlstate.Is(err, sqlstate.DataCorrupted) || StateGone(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A version of the catalog costs the same whatever is in the models: what is read
// and kept is a small part of a state.
func TestVersionsAreWithoutStates(t *testing.T) {
	c, rng := open(t), testutil.Rand(t)
	ctx := t.Context()
	const size = 16 << 20
	commitDo(t, c, func(txn *rowstore.Txn) error {
		return c.PutModel(ctx, txn, &Model{Schema: DefaultSchema, Name: "m"}, random(rng, size), false)
	})
	allocated := func(what string, f func()) {
		t.Helper()
		least := uint64(size)
		for range 10 { // the row store works in the background
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f()
			runtime.ReadMemStats(&after)
			least = min(least, after.TotalAlloc-before.TotalAlloc)
		}
		t.Logf("%s: %d bytes", what, least)
		if least > 64<<10 {
			t.Errorf("%s: %d bytes", what, least)
		}
	}
	i := ID(20000)
	allocated("the next version", func() {
		i++
		commitDo(t, c, func(txn *rowstore.Txn) error {
			return c.CreateSequence(ctx, txn, &Sequence{ID: i, Schema: DefaultSchema, Name: fmt.Sprint("q", i), Increment: 1})
		})
		now(t, c)
	})
	allocated("reading everything", func() {
		snap := c.rows.Snapshot()
		defer snap.Close()
		if _, err := c.load(snap, snap.Timestamp()); err != nil {
			t.Fatal(err)
		}
	})
	allocated("a transaction's own", func() {
		txn := begin(t, c)
		defer txn.Rollback()
		if err := c.CreateSequence(ctx, txn, &Sequence{ID: 30000, Schema: DefaultSchema, Name: "own", Increment: 1}); err != nil {
			t.Fatal(err)
		}
		step(t, txn)
		if _, err := c.InTxn(txn, true); err != nil {
			t.Fatal(err)
		}
	})
}

// A model of before states were rows is read as it is, and replaced by one of now.
func TestWholeModels(t *testing.T) {
	c := open(t)
	ctx := t.Context()
	commitDo(t, c, func(txn *rowstore.Txn) error {
		_, err := txn.Insert(ctx, c.objects, []types.Datum{
			colSpace: types.NewInt16(int16(models)), colSchema: types.NewString(DefaultSchema), colName: types.NewString("m"),
			colKind: types.NewString("model"), colID: types.NewInt64(20000),
			colDefinition: types.NewString(`{"ID":20000,"Schema":"public","Name":"m","Version":4,"State":{"x":1}}`)})
		return err
	})
	m := now(t, c).Model("", "m")
	if got, err := state(c, m); err != nil || string(got) != `{"x":1}` || m.SizeOfState() != 7 {
		t.Fatalf("%s, %v", got, err)
	}
	commitDo(t, c, func(txn *rowstore.Txn) error {
		return c.PutModel(ctx, txn, &Model{Schema: DefaultSchema, Name: "m"}, []byte("now"), true)
	})
	next := now(t, c).Model("", "m")
	if got, err := state(c, next); err != nil || string(got) != "now" || next.Version != 5 || next.ID != m.ID || len(next.State) != 0 {
		t.Errorf("%s, version %d, %v", got, next.Version, err)
	}
}
