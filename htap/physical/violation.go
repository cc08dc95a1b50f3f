package physical

import (
	"htapdb/htap/catalog"
	"htapdb/rowstore"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// CheckViolation is 23514 for a row, in the table's column order, that a CHECK
// constraint refuses.
func CheckViolation(t *catalog.Table, constraint string, row []types.Datum) *sqlstate.Error {
	return sqlstate.New(sqlstate.CheckViolation, "new row for relation %q violates check constraint %q", t.Name, constraint).
		WithDetail("Failing row contains %s.", rowstore.FormatRow(row, func(i int) types.Type { return t.Columns[i].Type })).
		WithObject(sqlstate.Object{Schema: t.Schema, Table: t.Name, Constraint: constraint})
}
