package syscat

import (
	"strconv"

	"htapdb/htap/catalog"
)

// described is the object that a comment is on, as pg_description has it: class is
// the catalog that the identifier is of, part the number of a column or 0.
type described struct {
	oid   int64
	class string
	part  int
}

// visitComments visits all comments.
func visitComments(cat *catalog.Snapshot, visit func(d described, text string)) {
	on := func(oid int64, class string, part int, text string) {
		if text != "" {
			visit(described{oid, class, part}, text)
		}
	}
	for _, t := range cat.Tables() {
		id := int64(t.ID)
		on(id, "pg_class", 0, t.Comment)
		for i := range t.Columns {
			on(id, "pg_class", i+1, t.Columns[i].Comment)
		}
		on(primaryOID(t), "pg_class", 0, t.PrimaryIndexComment)
		on(constraintOID(primaryOID(t)), "pg_constraint", 0, t.PrimaryComment)
		for i := range t.Indexes {
			k := &t.Indexes[i]
			on(int64(k.ID), "pg_class", 0, k.Comment)
			on(constraintOID(int64(k.ID)), "pg_constraint", 0, k.ConstraintComment)
		}
		for _, c := range t.Checks {
			on(derived(baseCheck, strconv.Itoa(int(t.ID)), c.Name), "pg_constraint", 0, c.Comment)
		}
	}
	for _, v := range cat.Views() {
		on(int64(v.ID), "pg_class", 0, v.Comment)
		for i, name := range v.Columns {
			on(int64(v.ID), "pg_class", i+1, v.ColumnComments[name])
		}
	}
	for _, q := range cat.Sequences() {
		on(int64(q.ID), "pg_class", 0, q.Comment)
	}
}

func descriptionRows(x *reader, add rowAdder) {
	visitComments(x.cat, func(d described, text string) {
		add("objoid", d.oid, "classoid", relationID("pg_catalog", d.class), "objsubid", d.part, "description", text)
	})
}
