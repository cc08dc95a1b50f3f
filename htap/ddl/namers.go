package ddl

import (
	"context"
	"slices"
	"strings"

	"htapdb/htap/catalog"
	"htapdb/sql/parser"
)

// namedObject is the name of a relation or a model.
type namedObject struct {
	schema, name string
	model        bool
}

// namers are the defaults and CHECK constraints of tables by what they name: each is
// parsed once for a DROP, however many objects go with it.
type namers struct {
	byName map[namedObject][]*dropItem
	// bySequence are the defaults of serial and identity columns.
	bySequence map[catalog.ID][]*dropItem
}

// namersOf reads the stored expressions of tables, until ctx ends.
func namersOf(ctx context.Context, tables []*catalog.Table) (*namers, error) {
	n := &namers{byName: map[namedObject][]*dropItem{}, bySequence: map[catalog.ID][]*dropItem{}}
	for _, t := range tables {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i := range t.Columns {
			c := &t.Columns[i]
			d := &dropItem{table: t, column: c, isDefault: true}
			if c.Sequence != 0 {
				n.bySequence[c.Sequence] = append(n.bySequence[c.Sequence], d)
			}
			n.add(c.Default, d)
		}
		for i := range t.Checks {
			n.add(t.Checks[i].SQL, &dropItem{table: t, check: t.Checks[i].Name})
		}
	}
	return n, nil
}

// of are the expressions that name an object, but for those that go with a table or a
// column.
func (n *namers) of(d, but *dropItem) (out []*dropItem) {
	source := d.source()
	named := n.byName[namedObject{source.Schema, source.Name, d.model != nil}]
	if d.sequence != nil {
		named = slices.Concat(n.bySequence[d.sequence.ID], named)
	}
	for _, e := range named {
		if but == nil || e.table.ID != but.table.ID || but.column != nil && (e.column == nil || e.column.ID != but.column.ID) {
			out = append(out, e)
		}
	}
	return out
}

// add notes what the expression of a default or a constraint names.
func (n *namers) add(text string, d *dropItem) {
	if !strings.Contains(text, "'") {
		return
	}
	e, err := parser.ParseExpr(text)
	if err != nil {
		return
	}
	for _, r := range references(e, true) {
		for _, o := range r.objects() {
			n.byName[o] = append(n.byName[o], d)
		}
	}
}

// objects are the names that a stored reference may mean; those of before names were
// stored with their schemas mean the default one.
func (r reference) objects() (out []namedObject) {
	model := r.kind == aModel
	if model {
		out = append(out, namedObject{catalog.DefaultSchema, *r.value, true}) // as it is written, whatever the case
	}
	if n, err := parser.ParseName(*r.value); err == nil {
		if n.Schema == "" {
			n.Schema = catalog.DefaultSchema
		}
		out = append(out, namedObject{n.Schema, n.Name, model})
	}
	return out
}
