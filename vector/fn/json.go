package fn

import (
	"bytes"
	"encoding/json"
	"strings"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// jsonFunctions reach into JSON and JSONB values.
func jsonFunctions() []overload {
	var out []overload
	for _, k := range []types.Kind{types.JSON, types.JSONB} {
		byKey, byIndex := []types.Kind{k, types.Text}, []types.Kind{k, types.Int4}
		prefix, index := k.String(), jsonIndex
		if k == types.JSONB {
			index = jsonbIndex
		}
		out = append(out,
			overload{name: "->", args: byKey, result: k, kernel: nullable2(jsonKey)},
			overload{name: "->", args: byIndex, result: k, kernel: nullable2(index)},
			overload{name: "->>", args: byKey, result: types.Text, kernel: nullable2(func(j, key string) (string, bool, error) {
				return jsonText(jsonKey(j, key))
			})},
			overload{name: "->>", args: byIndex, result: types.Text, kernel: nullable2(func(j string, i int32) (string, bool, error) {
				return jsonText(index(j, i))
			})},
			overload{name: prefix + "_typeof", args: []types.Kind{k}, result: types.Text, kernel: map1(func(j string) string {
				return strings.Replace(jsonKind(strings.TrimLeft(j, " \t\r\n")), "numeric", "number", 1)
			})},
			overload{name: prefix + "_array_length", args: []types.Kind{k}, result: types.Int4, kernel: try1(func(j string) (int32, error) {
				var a []json.RawMessage
				if json.Unmarshal([]byte(j), &a) != nil || a == nil {
					return 0, sqlstate.New(sqlstate.InvalidParameterValue, "cannot get array length of a non-array")
				}
				return int32(len(a)), nil
			})})
	}
	out = append(out, overload{name: "||", args: []types.Kind{types.JSONB, types.JSONB}, result: types.JSONB, kernel: try2(concatJSONB)})
	return append(out, overload{name: "?", args: []types.Kind{types.JSONB, types.Text}, result: types.Bool, kernel: try2(func(j, key string) (uint8, error) {
		if v, ok, _ := jsonKey(j, key); ok {
			return b2u(v != ""), nil
		}
		var v any
		if json.Unmarshal([]byte(j), &v) != nil {
			return 0, nil
		}
		if s, ok := v.(string); ok {
			return b2u(s == key), nil
		}
		a, _ := v.([]any)
		for _, e := range a {
			if s, ok := e.(string); ok && s == key {
				return 1, nil
			}
		}
		return 0, nil
	})})
}

// concatJSONB is || of two normalized values: the union of two objects, in which
// the right one's keys win, else the elements of both as one array.
func concatJSONB(a, b string) (string, error) {
	if len(a)+len(b) > maxTextBytes {
		return "", tooLong()
	}
	if a[0] == '{' && b[0] == '{' {
		return types.NormalizeJSON("{" + joinJSON(a[1:len(a)-1], b[1:len(b)-1]) + "}")
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
func jsonKey(j, key string) (string, bool, error) {
	var m map[string]json.RawMessage
	if json.Unmarshal([]byte(j), &m) != nil {
		return "", false, nil // not an object
	}
	v, ok := m[key]
	return string(bytes.TrimSpace(v)), ok, nil
}

// jsonIndex is an element of an array, counted from 0 or from the end if negative.
func jsonIndex(j string, i int32) (string, bool, error) {
	var a []json.RawMessage
	if json.Unmarshal([]byte(j), &a) != nil {
		return "", false, nil
	}
	if i < 0 {
		i += int32(len(a))
	}
	if i < 0 || int(i) >= len(a) {
		return "", false, nil
	}
	return string(bytes.TrimSpace(a[i])), true, nil
}

// jsonbIndex is jsonIndex for JSONB, where a scalar counts as its only element.
func jsonbIndex(j string, i int32) (string, bool, error) {
	if j[0] != '[' && j[0] != '{' && (i == 0 || i == -1) {
		return j, true, nil
	}
	return jsonIndex(j, i)
}

// jsonText is a JSON value as text: a string without quotes and escapes, null as NULL.
func jsonText(v string, ok bool, err error) (string, bool, error) {
	if err != nil || !ok || v == "null" {
		return "", false, err
	}
	if strings.HasPrefix(v, `"`) {
		var s string
		if err := json.Unmarshal([]byte(v), &s); err != nil {
			return "", false, nil
		}
		return s, true, nil
	}
	return v, true, nil
}
