package fn

import (
	"strconv"
	"strings"

	"htapdb/sql/types"
	"htapdb/vector"
)

// systemFunctions are the functions over system catalogs that clients call and
// that need no catalog: everything is visible, there is one role.
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
		"pg_type_is_visible", "pg_function_is_visible", "pg_operator_is_visible", "pg_opclass_is_visible", "pg_collation_is_visible",
		"pg_statistics_obj_is_visible", "pg_ts_config_is_visible", "pg_ts_dict_is_visible", "pg_conversion_is_visible")
	always(types.Bool, map0(uint8(0)), kinds(oid), "pg_relation_is_publishable")
	always(types.Bool, map0(uint8(0)), nil, "pg_is_in_recovery")
	always(txt, map1(roleName), kinds(oid), "pg_get_userbyid")
	always(txt, map1(encodingName), kinds(i4), "pg_encoding_to_char")
	always(i4, map1(encodingNumber), kinds(txt), "pg_char_to_encoding")
	// There are no advisory locks that a session could hold: pools call it between uses.
	always(txt, map0(""), nil, "pg_advisory_unlock_all")
	always(txt, map0("UTF8"), nil, "pg_client_encoding", "getdatabaseencoding")
	always(txt, map1(sizePretty), kinds(oid), "pg_size_pretty")
	always(txt, allNull, kinds(oid), "pg_tablespace_location")
	always(txt, allNull, kinds(oid, txt), "shobj_description")
	expr := map2(func(e string, _ int64) string { return e })
	always(txt, expr, kinds(txt, oid), "pg_get_expr")
	always(txt, try3(func(e string, _ int64, _ uint8) (string, error) { return e, nil }), kinds(txt, oid, types.Bool), "pg_get_expr")
	return append(out,
		overload{name: "format_type", args: kinds(oid, i4), result: txt, nullable: true, kernel: formatTypeKernel},
		overload{name: "pg_backend_pid", result: i4, vol: Stable, kernel: constant(func(ctx *Context, out *vector.Vector, i int) {
			pid, _ := strconv.ParseInt(ctx.Vars["pg_backend_pid"], 10, 32)
			out.I32[i] = int32(pid)
		})})
}

// roleName is the role with an identifier.
func roleName(oid int64) string {
	if oid == 10 {
		return "htap"
	}
	return "unknown (OID=" + strconv.FormatInt(oid, 10) + ")"
}

// encodings are PostgreSQL's character sets by their numbers. Text is UTF8; tools
// ask for the names of others.
var encodings = strings.Fields(`SQL_ASCII EUC_JP EUC_CN EUC_KR EUC_TW EUC_JIS_2004 UTF8 MULE_INTERNAL LATIN1 LATIN2 LATIN3 LATIN4
	LATIN5 LATIN6 LATIN7 LATIN8 LATIN9 LATIN10 WIN1256 WIN1258 WIN866 WIN874 KOI8R WIN1251 WIN1252 ISO_8859_5 ISO_8859_6 ISO_8859_7
	ISO_8859_8 WIN1250 WIN1253 WIN1254 WIN1255 WIN1257 KOI8U SJIS BIG5 GBK UHC GB18030 JOHAB SHIFT_JIS_2004`)

// encodingName is the name of an encoding, "" if there is none of the number.
func encodingName(n int32) string {
	if n < 0 || int(n) >= len(encodings) {
		return ""
	}
	return encodings[n]
}

// encodingNumber finds an encoding by its name, or −1. Case does not matter, nor
// do the characters between letters and digits.
func encodingNumber(name string) int32 {
	plain := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, strings.ToLower(s))
	}
	key := plain(name)
	if key == "unicode" {
		key = "utf8"
	}
	for i, e := range encodings {
		if plain(e) == key {
			return int32(i)
		}
	}
	return -1
}

// sizePretty is a number of bytes in the largest unit that leaves two digits.
func sizePretty(n int64) string {
	const most = 10240 // of a unit before the next one
	if n < most && n > -most {
		return strconv.FormatInt(n, 10) + " bytes"
	}
	// From here n is in halves of the unit.
	n /= 1 << 9
	units := []string{"kB", "MB", "GB", "TB", "PB"}
	u := 0
	for ; u < len(units)-1 && (n >= 2*most-1 || n <= -(2*most-1)); u++ {
		n /= 1 << 10
	}
	return strconv.FormatInt((n+sign(n))/2, 10) + " " + units[u]
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
		if mod < 0 && !args[1].IsNull(i) && out.Str[i] == "character" {
			out.Str[i] = "bpchar" // CHARACTER would read back as CHARACTER(1)
		}
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
