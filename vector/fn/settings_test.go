package fn

import (
	"strings"
	"testing"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// mapSettings are settings in a map; an unknown name cannot be set.
type mapSettings map[string]string

func (m mapSettings) Get(name string) (string, bool) {
	v, ok := m[strings.ToLower(name)]
	return v, ok
}

func (m mapSettings) Set(name string, value *string, _ bool) error {
	if _, ok := m[name]; !ok {
		return sqlstate.New(sqlstate.UndefinedObject, "no %s", name)
	}
	if value == nil {
		m[name] = "default"
		return nil
	}
	m[name] = *value
	return nil
}

// TestSettingFunctions: a missing setting is an error or, if asked, NULL; a value
// that is NULL is the default; set_config is not computed once for many rows.
func TestSettingFunctions(t *testing.T) {
	settings := mapSettings{"a": "1"}
	text := func(s string) Expr { return &Literal{Value: types.NewString(s), Typ: types.TText} }
	null := &Literal{Value: types.NullDatum, Typ: types.TText}
	nobool := &Literal{Value: types.NullDatum, Typ: types.TBool}
	yes := &Literal{Value: types.NewBool(true), Typ: types.TBool}
	call := func(ctx *Context, name string, args ...Expr) string {
		t.Helper()
		e, err := NewCall(name, args...)
		if err != nil {
			t.Fatal(err)
		}
		out, err := NewEvaluator(ctx, e).Eval(&vector.Batch{Len: 1})
		if err != nil {
			return err.Error()
		}
		v := out[0]
		if v.IsNull(0) {
			return "NULL"
		}
		return v.Datum(0).Str()
	}
	ctx := &Context{Settings: settings}
	for _, c := range []struct{ got, want string }{
		{call(ctx, "current_setting", text("A")), "1"},
		{call(ctx, "current_setting", text("b")), `unrecognized configuration parameter "b"`},
		{call(ctx, "current_setting", text("b"), yes), "NULL"},
		{call(ctx, "set_config", text("a"), text("2"), yes), "2"},
		{call(ctx, "set_config", text("a"), null, nobool), "default"},
		{call(ctx, "set_config", text("b"), null, yes), "no b"},
		{call(ctx, "set_config", null, text("2"), yes), "SET requires parameter name"},
		{call(&Context{}, "current_setting", text("a")), "settings cannot be used here"},
		{call(&Context{}, "set_config", text("a"), null, yes), "settings cannot be used here"},
	} {
		if !strings.Contains(c.got, c.want) {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
}
