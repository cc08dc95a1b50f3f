package parser

// noName is what PostgreSQL calls a column that nothing gives a name to.
const noName = "?column?"

// OutputName is the name of a result column without alias, as PostgreSQL
// chooses it: of a column its name, of a call the function, of a cast the name
// inside or else the type (as the catalog spells it: int4), "case", "array",
// "row", "exists"; otherwise "?column?". A scalar subquery has the name of its
// column; if that is a star the binder knows better.
func OutputName(e Expr) string {
	if name, _ := outputName(e); name != "" {
		return name
	}
	return noName
}

// outputName returns a name and whether it is a strong one: a cast, and a CASE
// around its ELSE, prefer a strong name from inside to their own.
func outputName(e Expr) (name string, strong bool) {
	switch e := e.(type) {
	case *ColumnRef:
		return e.Column(), true
	case *FieldExpr:
		return e.Field, true
	case *IndexExpr:
		return outputName(e.Operand)
	case *FuncCall:
		return e.Name.Name, true
	case *CollateExpr:
		return outputName(e.Operand)
	case *CastExpr:
		if name, strong := outputName(e.Operand); strong {
			return name, true
		}
		return catalogTypeName(e.Type), false
	case *TypedLit:
		return catalogTypeName(e.Type), false
	case *BoolLit:
		return "bool", false
	case *CaseExpr:
		if e.Else != nil {
			if name, strong := outputName(e.Else); strong {
				return name, true
			}
		}
		return "case", false
	case *ArrayExpr:
		return "array", true
	case *RowExpr:
		return "row", true
	case *ExistsExpr:
		return "exists", true
	case *SubqueryExpr:
		return subqueryName(e.Query)
	}
	return "", false
}

// subqueryName is the name of the first column of a query.
func subqueryName(q *SelectStmt) (string, bool) {
	body := q.Body
	for {
		switch b := body.(type) {
		case *SelectStmt:
			body = b.Body
		case *SetOp:
			body = b.Left
		case *ValuesClause:
			return "column1", true
		case *SelectCore:
			if len(b.Targets) == 0 {
				return "", false
			}
			if t := b.Targets[0]; t.Alias != "" {
				return t.Alias, true
			}
			return OutputName(b.Targets[0].Expr), true
		default:
			return "", false
		}
	}
}

// catalogTypeNames are the names in pg_type of the types that SQL spells
// otherwise.
var catalogTypeNames = map[string]string{
	"bigint":                   "int8",
	"bit varying":              "varbit",
	"boolean":                  "bool",
	"character":                "bpchar",
	"character varying":        "varchar",
	"dec":                      "numeric",
	"decimal":                  "numeric",
	"double precision":         "float8",
	"float":                    "float8",
	"int":                      "int4",
	"integer":                  "int4",
	"real":                     "float4",
	"smallint":                 "int2",
	"time with time zone":      "timetz",
	"timestamp with time zone": "timestamptz",
}

func catalogTypeName(t *TypeName) string {
	if name, ok := catalogTypeNames[t.Name]; ok && t.Schema == "" {
		if t.Name == "float" && len(t.Args) == 1 && t.Args[0] <= 24 {
			return "float4"
		}
		return name
	}
	return t.Name
}
