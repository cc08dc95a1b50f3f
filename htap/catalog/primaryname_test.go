package catalog

import (
	"context"
	"testing"
)

// The name of a primary key is taken in a database of before names of primary keys
// were reserved, too; dropping its table leaves alone an index of another table that
// got the name then.
func TestPrimaryNameOfBefore(t *testing.T) {
	ctx := context.Background()
	c := open(t)
	txn := begin(t, c)
	table := func(id ID, name string) *Table {
		return &Table{ID: id, StorageID: id, Schema: "public", Name: name, Primary: []int{0}, PrimaryName: name + "_pkey", Version: 1,
			Columns: []Column{{ID: 1, Name: "a"}}}
	}
	a, b := table(FirstUserID+1, "a"), table(FirstUserID+2, "b")
	for _, t1 := range []*Table{a, b} {
		if err := c.CreateTable(ctx, txn, t1); err != nil {
			t.Fatal(err)
		}
		if err := c.remove(ctx, txn, relations, "public", t1.PrimaryName); err != nil { // as of before
			t.Fatal(err)
		}
	}
	if err := c.putIndex(ctx, txn, b, indexName{FirstUserID + 3, "a_pkey"}); err != nil {
		t.Fatal(err)
	}
	if _, err := txn.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	s := now(t, c)
	if got := s.IndexTable("", "b_pkey"); !s.Exists("public", "b_pkey") || got == nil || got.Name != "b" {
		t.Errorf("b_pkey is the index of %+v", got)
	}
	txn = begin(t, c)
	if err := c.DropTable(ctx, txn, s, s.Table("", "a")); err != nil {
		t.Fatal(err)
	}
	if _, err := txn.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if got := now(t, c).IndexTable("", "a_pkey"); got == nil || got.Name != "b" {
		t.Errorf("after the drop a_pkey is the index of %+v", got)
	}
}
