package ddl

import (
	"context"
	"errors"
	"testing"

	"htapdb/htap/catalog"
)

// What a DROP needs of the stored expressions is read once, for all that goes, and not
// for a client that has left.
func TestNamers(t *testing.T) {
	table := &catalog.Table{ID: 1, Columns: []catalog.Column{
		{ID: 1, Name: "a", Default: "nextval('s')"}, {ID: 2, Name: "b", Sequence: 7}, {ID: 3, Name: "c", Default: "predict('M', 1)"},
	}, Checks: []catalog.Check{{Name: "k", SQL: "a > nextval('west.s'::text)"}}}
	n, err := namersOf(t.Context(), []*catalog.Table{table})
	if err != nil {
		t.Fatal(err)
	}
	table.Columns[0].Default = "nextval('other')" // who read it again would miss the first
	for _, c := range []struct {
		d    *dropItem
		want string
	}{
		{&dropItem{sequence: &catalog.Sequence{ID: 5, Schema: "public", Name: "s"}}, "default value for column a of table "},
		{&dropItem{sequence: &catalog.Sequence{ID: 6, Schema: "west", Name: "s"}}, "constraint k on table "},
		{&dropItem{sequence: &catalog.Sequence{ID: 7, Schema: "public", Name: "q"}}, "default value for column b of table "},
		{&dropItem{model: &catalog.Model{ID: 8, Schema: "public", Name: "M"}}, "default value for column c of table "},
	} {
		if got := n.of(c.d, nil); len(got) != 1 || got[0].String() != c.want {
			t.Errorf("%s is named by %v, want %q", c.d, got, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := namersOf(ctx, []*catalog.Table{table}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the client has left: %v", err)
	}
}
