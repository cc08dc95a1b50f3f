package fn

import (
	"slices"
	"strconv"
	"strings"

	"htapdb/sql/types"
	"htapdb/vector"
)

// arrayTextFunctions are the functions over arrays in their text form, which
// the array columns of the system catalogs have: the engine has no array type.
func arrayTextFunctions() []overload {
	const txt, i4 = types.Text, types.Int4
	kinds := func(k ...types.Kind) []types.Kind { return k }
	length := nullable2(func(a string, dim int32) (int32, bool, error) {
		e, err := types.ParseArray(a)
		return int32(len(e)), dim == 1 && len(e) > 0, err
	})
	lower := nullable2(func(a string, dim int32) (int32, bool, error) {
		e, err := types.ParseArray(a)
		return int32(arrayBase(a)), dim == 1 && len(e) > 0, err
	})
	position := func(a, v string) (int32, bool, error) {
		elems, err := types.ParseArray(a)
		for i, e := range elems {
			if !e.Null && e.Text == v {
				return int32(i + arrayBase(a)), true, nil
			}
		}
		return 0, false, err
	}
	return []overload{
		{name: "array_upper", args: kinds(txt, i4), result: i4, kernel: nullable2(func(a string, dim int32) (int32, bool, error) {
			e, err := types.ParseArray(a)
			return int32(len(e) + arrayBase(a) - 1), dim == 1 && len(e) > 0, err
		})},
		{name: "array_lower", args: kinds(txt, i4), result: i4, kernel: lower},
		{name: "array_length", args: kinds(txt, i4), result: i4, kernel: length},
		{name: "array_position", args: kinds(txt, txt), result: i4, kernel: nullable2(position)},
		{name: "array_to_string", args: kinds(txt, txt), result: txt, bound: arrayTextBytes, kernel: try2(func(a, sep string) (string, error) {
			return joinArray(a, sep, nil)
		})},
		{name: "array_to_string", args: kinds(txt, txt, txt), result: txt, bound: arrayTextBytes, kernel: try3(func(a, sep, null string) (string, error) {
			return joinArray(a, sep, &null)
		})},
		{name: ArrayContains, args: kinds(txt, txt), result: types.Bool, kernel: nullable2(arrayContains)},
		{name: ArrayGet, args: kinds(txt, i4), result: txt, kernel: nullable2(func(a string, i int32) (string, bool, error) {
			e, err := types.ParseArray(a)
			at := int(i) - arrayBase(a)
			if err != nil || at < 0 || at >= len(e) || e[at].Null {
				return "", false, err
			}
			return e[at].Text, true, nil
		})},
		{name: ArrayElement, args: kinds(txt), result: txt, nullable: true, bound: timesBytes(2), kernel: arrayElementKernel},
		{name: "current_schemas", args: kinds(types.Bool), result: txt, vol: Stable, kernel: withContext(func(ctx *Context) (Kernel, error) {
			path, ok := ctx.Vars[SchemasVar]
			if !ok {
				path = "public"
			}
			return map1(func(implicit uint8) string {
				switch {
				case implicit == 0:
					return "{" + path + "}"
				case path == "":
					return "{pg_catalog}"
				case slices.Contains(strings.Split(path, ","), "pg_catalog"):
					return "{" + path + "}" // in the place that the path gives it
				}
				return "{pg_catalog," + path + "}"
			}), nil
		})},
	}
}

// SchemasVar is the name under which Context.Vars holds the elements of
// current_schemas(false).
const SchemasVar = "current_schemas"

// Names of functions that the binder calls for x = ANY (array), array[i] and
// ARRAY(query); SQL cannot name them.
const (
	ArrayContains = "array contains"
	ArrayGet      = "array subscript"
	ArrayElement  = "array element"
)

// arrayBase is the first subscript: vectors count from 0.
func arrayBase(a string) int {
	if strings.HasPrefix(a, "{") {
		return 1
	}
	return 0
}

// arrayTextBytes is the elements with a separator or the text for NULL between each two
// characters of the array.
var arrayTextBytes = rowBound(func(a []*vector.Vector, i int) int64 {
	n := int64(len(text(a[0], i)))
	return n + (n/2+1)*int64(len(text(a[1], i))+len(optional(a, 2, i)))
})

func joinArray(a, sep string, null *string) (string, error) {
	elems, err := types.ParseArray(a)
	if err != nil {
		return "", err
	}
	var parts []string
	for _, e := range elems {
		switch {
		case !e.Null:
			parts = append(parts, e.Text)
		case null != nil:
			parts = append(parts, *null)
		}
	}
	return strings.Join(parts, sep), nil
}

// arrayContains is v = ANY (a), NULL if only a NULL element could be equal.
func arrayContains(a, v string) (uint8, bool, error) {
	elems, err := types.ParseArray(a)
	null := false
	for _, e := range elems {
		if e.Null {
			null = true
		} else if e.Text == v {
			return 1, true, nil
		}
	}
	return 0, !null, err
}

// arrayElementKernel quotes a value as an element.
func arrayElementKernel(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	return eachRow(sel, n, func(i int) error {
		if args[0].IsNull(i) {
			out.Str[i] = "NULL"
		} else {
			out.Str[i] = types.QuoteArrayElement(args[0].Datum(i).Str())
		}
		return nil
	})
}

// ArrayText is the text form of an array of numbers, {1,2}, or a vector, "1 2".
func ArrayText(values []int, asVector bool) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = strconv.Itoa(v)
	}
	if asVector {
		return strings.Join(parts, " ")
	}
	return "{" + strings.Join(parts, ",") + "}"
}
