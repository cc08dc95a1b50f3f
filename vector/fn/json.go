package fn

import (
	"strings"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// jsonFunctions reach into JSON and JSONB values.
func jsonFunctions() []overload {
	var out []overload
	for _, k := range []types.Kind{types.JSON, types.JSONB} {
		byKey, byIndex := []types.Kind{k, types.Text}, []types.Kind{k, types.Int4}
		scalarIsElement := k == types.JSONB
		key := func(l types.JSONLimits, j, key string) (string, bool, error) { return jsonKey(l, j, key) }
		index := func(l types.JSONLimits, j string, i int32) (string, bool, error) {
			return jsonIndex(l, j, i, scalarIsElement)
		}
		out = append(out,
			overload{name: "->", args: byKey, result: k, kernel: jsonKernel(key, false)},
			overload{name: "->", args: byIndex, result: k, kernel: jsonKernel(index, false)},
			overload{name: "->>", args: byKey, result: types.Text, kernel: jsonKernel(key, true)},
			overload{name: "->>", args: byIndex, result: types.Text, kernel: jsonKernel(index, true)},
			overload{name: k.String() + "_typeof", args: []types.Kind{k}, result: types.Text, kernel: map1(func(j string) string {
				return strings.Replace(jsonKind(strings.TrimLeft(j, " \t\r\n")), "numeric", "number", 1)
			})},
			overload{name: k.String() + "_array_length", args: []types.Kind{k}, result: types.Int4, kernel: limited(func(l types.JSONLimits) Kernel {
				return try1(func(j string) (int32, error) { return jsonLength(l, j) })
			})})
	}
	out = append(out, overload{name: "||", args: []types.Kind{types.JSONB, types.JSONB}, result: types.JSONB, kernel: limited(func(l types.JSONLimits) Kernel {
		return try2(func(a, b string) (string, error) { return concatJSONB(l, a, b) })
	})})
	return append(out, overload{name: "?", args: []types.Kind{types.JSONB, types.Text}, result: types.Bool, kernel: limited(func(l types.JSONLimits) Kernel {
		return try2(func(j, key string) (uint8, error) { return jsonHas(l, j, key) })
	})})
}

// limited is a kernel whose reading of JSON is charged and can be interrupted.
func limited(kernel func(types.JSONLimits) Kernel) Kernel {
	return withContext(func(ctx *Context) (Kernel, error) { return kernel(ctx.jsonLimits()), nil })
}

// jsonLimits bound the reading of JSON by the statement's memory and its end.
func (ctx *Context) jsonLimits() types.JSONLimits {
	return types.JSONLimits{Take: ctx.text.takeOrGive, Interrupted: ctx.interrupted}
}

// takeOrGive is take, or giveBack of a negative number.
func (t *textAccount) takeOrGive(bytes int64) error {
	if bytes < 0 {
		t.giveBack(-bytes)
		return nil
	}
	return t.take(bytes)
}

// jsonKernel is the kernel of an operator that finds a value, given as JSON or as text.
func jsonKernel[B element](find func(l types.JSONLimits, j string, b B) (string, bool, error), asText bool) Kernel {
	return limited(func(l types.JSONLimits) Kernel {
		return nullable2(func(j string, b B) (string, bool, error) {
			v, ok, err := find(l, j, b)
			if asText {
				return jsonText(l, v, ok, err)
			}
			return v, ok, err
		})
	})
}

// concatJSONB is || of two normalized values: the union of two objects, in which
// the right one's keys win, else the elements of both as one array.
func concatJSONB(l types.JSONLimits, a, b string) (string, error) {
	if len(a)+len(b) > maxTextBytes {
		return "", tooLong()
	}
	if a[0] == '{' && b[0] == '{' {
		return types.NormalizeJSONWithin("{"+joinJSON(a[1:len(a)-1], b[1:len(b)-1])+"}", l)
	}
	return "[" + joinJSON(jsonElements(a), jsonElements(b)) + "]", nil
}

// jsonElements is the inside of an array, or the value itself.
func jsonElements(j string) string {
	if j[0] == '[' {
		return j[1 : len(j)-1]
	}
	return j
}

func joinJSON(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ", " + b
}

// jsonKey is the value of a key of an object; of equal keys the last counts.
func jsonKey(l types.JSONLimits, j, key string) (value string, ok bool, err error) {
	kind, err := types.EachJSON(j, l, func(k, v string) bool {
		if k == key {
			value, ok = v, true
		}
		return true
	})
	return value, ok && kind == '{', err
}

// jsonIndex is an element of an array, counted from 0 or from the end if negative.
// In JSONB a scalar counts as its only element.
func jsonIndex(l types.JSONLimits, j string, i int32, scalarIsElement bool) (value string, ok bool, err error) {
	if scalarIsElement && j[0] != '[' && j[0] != '{' {
		return j, i == 0 || i == -1, nil
	}
	if i < 0 {
		n, err := jsonLength(l, j)
		if err != nil || int64(i)+int64(n) < 0 {
			return "", false, ignoreKind(err)
		}
		i += n
	}
	at := int32(0)
	kind, err := types.EachJSON(j, l, func(_, v string) bool {
		if at == i {
			value, ok = v, true
		}
		at++
		return !ok
	})
	return value, ok && kind == '[', err
}

// notArray is the error of asking something else for its length.
var notArray = sqlstate.New(sqlstate.InvalidParameterValue, "cannot get array length of a non-array")

// ignoreKind is err, nil for notArray.
func ignoreKind(err error) error {
	if err == notArray {
		return nil
	}
	return err
}

// jsonLength is the number of an array's elements.
func jsonLength(l types.JSONLimits, j string) (n int32, err error) {
	kind, err := types.EachJSON(j, l, func(string, string) bool {
		n++
		return true
	})
	if err == nil && kind != '[' {
		return 0, notArray
	}
	return n, err
}

// jsonHas is ?: an object has the key, an array the string as an element, or a
// string is it.
func jsonHas(l types.JSONLimits, j, key string) (uint8, error) {
	found := false
	isKey := func(v string) bool {
		if v[0] != '"' {
			return false
		}
		s, err := types.JSONString(v, l)
		return err == nil && s == key
	}
	kind, err := types.EachJSON(j, l, func(k, v string) bool {
		if found = j[0] == '{' && k == key || j[0] == '[' && isKey(v); found {
			return false
		}
		return true
	})
	if kind == '"' {
		found = isKey(j)
	}
	return b2u(found), err
}

// jsonText is a JSON value as text: a string without quotes and escapes, null as NULL.
func jsonText(l types.JSONLimits, v string, ok bool, err error) (string, bool, error) {
	if err != nil || !ok || v == "null" {
		return "", false, err
	}
	if v[0] != '"' {
		return v, true, nil
	}
	s, err := types.JSONString(v, l)
	return s, err == nil, err
}
