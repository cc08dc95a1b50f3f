package fn

import (
	"strconv"
	"strings"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// SettingVar is the prefix under which Context.Vars holds settings for current_setting.
const SettingVar = "setting:"

// systemFunctions are the functions over system catalogs that clients call and
// that need no catalog: everything is visible, there is one role, nothing has a comment.
// What depends on a table's definition (pg_get_indexdef …) is not here.
func systemFunctions() []overload {
	const txt, oid, i4 = types.Text, types.Int8, types.Int4
	kinds := func(k ...types.Kind) []types.Kind { return k }
	var out []overload
	always := func(result types.Kind, k Kernel, args []types.Kind, names ...string) {
		for _, n := range names {
			out = append(out, overload{name: n, args: args, result: result, vol: Stable, kernel: k})
		}
	}
	always(types.Bool, map0(uint8(1)), kinds(oid),
		"pg_table_is_visible", "pg_type_is_visible", "pg_function_is_visible", "pg_operator_is_visible", "pg_opclass_is_visible", "pg_collation_is_visible",
		"pg_statistics_obj_is_visible", "pg_ts_config_is_visible", "pg_ts_dict_is_visible", "pg_conversion_is_visible")
	always(types.Bool, map0(uint8(0)), kinds(oid), "pg_relation_is_publishable")
	always(types.Bool, map0(uint8(0)), nil, "pg_is_in_recovery")
	always(types.Bool, map0(uint8(1)), kinds(anyKind, anyKind), "has_table_privilege", "has_schema_privilege", "has_database_privilege")
	always(types.Bool, map0(uint8(1)), kinds(anyKind, anyKind, anyKind), "has_table_privilege", "has_schema_privilege", "has_database_privilege", "has_column_privilege")
	always(txt, map0("htap"), kinds(oid), "pg_get_userbyid")
	always(txt, map0("UTF8"), kinds(i4), "pg_encoding_to_char")
	always(i4, map0(int32(6)), kinds(txt), "pg_char_to_encoding")
	// There are no advisory locks that a session could hold: pools call it between uses.
	always(txt, map0(""), nil, "pg_advisory_unlock_all")
	always(txt, map0("UTF8"), nil, "pg_client_encoding", "getdatabaseencoding")
	always(txt, map1(sizePretty), kinds(oid), "pg_size_pretty")
	always(txt, allNull, kinds(oid), "obj_description", "pg_tablespace_location")
	always(txt, allNull, kinds(oid, txt), "obj_description", "shobj_description")
	always(txt, allNull, kinds(oid, i4), "col_description")
	expr := map2(func(e string, _ int64) string { return e })
	always(txt, expr, kinds(txt, oid), "pg_get_expr")
	always(txt, try3(func(e string, _ int64, _ uint8) (string, error) { return e, nil }), kinds(txt, oid, types.Bool), "pg_get_expr")
	return append(out,
		overload{name: "format_type", args: kinds(oid, i4), result: txt, nullable: true, kernel: formatTypeKernel},
		overload{name: "pg_backend_pid", result: i4, vol: Stable, kernel: constant(func(ctx *Context, out *vector.Vector, i int) {
			pid, _ := strconv.ParseInt(ctx.Vars["pg_backend_pid"], 10, 32)
			out.I32[i] = int32(pid)
		})},
		overload{name: "current_setting", args: kinds(txt), result: txt, vol: Stable, kernel: withContext(func(ctx *Context) (Kernel, error) {
			return try1(func(name string) (string, error) {
				if v, ok := ctx.Vars[SettingVar+strings.ToLower(name)]; ok {
					return v, nil
				}
				return "", sqlstate.New(sqlstate.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
			}), nil
		})},
		overload{name: "current_setting", args: kinds(txt, types.Bool), result: txt, vol: Stable, kernel: withContext(func(ctx *Context) (Kernel, error) {
			return nullable2(func(name string, missingOK uint8) (string, bool, error) {
				v, ok := ctx.Vars[SettingVar+strings.ToLower(name)]
				if !ok && missingOK == 0 {
					return "", false, sqlstate.New(sqlstate.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
				}
				return v, ok, nil
			}), nil
		})})
}

// sizePretty is a number of bytes in the largest unit that leaves two digits.
func sizePretty(n int64) string {
	const half = 10240
	units := []string{"bytes", "kB", "MB", "GB", "TB", "PB"}
	u := 0
	for ; u < len(units)-1 && (n >= half || n <= -half); u++ {
		n = (n/512 + sign(n)) / 2
	}
	return strconv.FormatInt(n, 10) + " " + units[u]
}

func sign(n int64) int64 {
	if n < 0 {
		return -1
	}
	return 1
}

// allNull is the kernel of a function that is NULL everywhere.
func allNull(_ *Context, _ []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	return eachRow(sel, n, func(i int) error {
		out.Str[i] = ""
		out.SetNull(i)
		return nil
	})
}

// formatTypeKernel is format_type(oid, typmod): the SQL name with its modifiers.
func formatTypeKernel(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	return eachRow(sel, n, func(i int) error {
		out.Str[i] = ""
		if args[0].IsNull(i) {
			out.SetNull(i)
			return nil
		}
		mod := int64(-1)
		if !args[1].IsNull(i) {
			mod = args[1].Datum(i).Int()
		}
		out.Str[i] = formatType(args[0].Datum(i).Int(), mod)
		return nil
	})
}

func formatType(oid, mod int64) string {
	if oid <= 0 || oid != int64(uint32(oid)) {
		return "-"
	}
	t, ok := types.FromOID(uint32(oid))
	if !ok {
		for k := types.Bool; k <= types.JSONB; k++ {
			if b := types.Base(k); b.ArrayOID() == uint32(oid) {
				return b.BaseName() + "[]"
			}
		}
		return "???"
	}
	switch {
	case mod < 0 || mod < 4 && !(t.Kind >= types.Time && t.Kind <= types.Interval):
	case t.Kind == types.Numeric:
		return types.TNumeric(int((mod-4)>>16), int((mod-4)&0xffff)).String()
	case t.Kind >= types.Time && t.Kind <= types.Interval:
		return t.WithTypMod(int32(mod)).String()
	case t.Kind == types.Varchar || t.Kind == types.Char:
		return types.Type{Kind: t.Kind, Length: int32(mod - 4)}.String()
	}
	return t.BaseName()
}
