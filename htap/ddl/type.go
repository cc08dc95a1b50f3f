package ddl

import (
	"errors"

	"htapdb/sql/binder"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// serials are the pseudo-types that stand for an integer with a sequence.
var serials = map[string]types.Type{
	"smallserial": types.TInt2, "serial2": types.TInt2, "serial": types.TInt4, "serial4": types.TInt4,
	"bigserial": types.TInt8, "serial8": types.TInt8,
}

// ColumnType resolves a column's type; serial reports a pseudo-type with a sequence.
func ColumnType(n *parser.TypeName, sql string) (t types.Type, serial bool, err error) {
	if t, ok := serials[n.Name]; ok && len(n.Dims) == 0 {
		return t, true, nil
	}
	if t, err = binder.ResolveType(n); err != nil {
		var e *sqlstate.Error
		if errors.As(err, &e) {
			err = e.WithPosition(parser.Position(sql, n.Pos()))
		}
	}
	return t, false, err
}
