package fn

import (
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Settings are the session's settings as the functions of a statement use them.
// Workers of a statement call it at the same time.
type Settings interface {
	// Get is the value of a setting as SHOW prints it; ok is false if there is none
	// of the name.
	Get(name string) (value string, ok bool)
	// Set changes a setting, to its default if value is nil; local until the
	// transaction ends. Get has the new value from then on; the rest of the session
	// when the statement has ended without an error.
	//
	// Errors: those of SET.
	Set(name string, value *string, local bool) error
}

// settingFunctions are current_setting and set_config.
func settingFunctions() []overload {
	const txt, boolean = types.Text, types.Bool
	return []overload{
		{name: "current_setting", args: []types.Kind{txt}, result: txt, vol: Stable, kernel: currentSetting},
		{name: "current_setting", args: []types.Kind{txt, boolean}, result: txt, vol: Stable, kernel: currentSetting},
		{name: "set_config", args: []types.Kind{txt, txt, boolean}, result: txt, vol: Volatile, nullable: true, kernel: setConfig},
	}
}

// noSettings is the error of an expression outside of a statement.
func noSettings() error {
	return sqlstate.New(sqlstate.FeatureNotSupported, "settings cannot be used here")
}

// currentSetting is current_setting(name [, missing is NULL]).
func currentSetting(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	if ctx.Settings == nil {
		return noSettings()
	}
	return eachRow(sel, n, func(i int) error {
		name := args[0].Datum(i).Str()
		value, ok := ctx.Settings.Get(name)
		if out.Str[i] = value; ok {
			return nil
		}
		if len(args) == 2 && args[1].Datum(i).Bool() {
			out.SetNull(i)
			return nil
		}
		return sqlstate.New(sqlstate.UndefinedObject, "unrecognized configuration parameter %q", name)
	})
}

// setConfig is set_config(name, value, local): SET as a function.
func setConfig(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	if ctx.Settings == nil {
		return noSettings()
	}
	return eachRow(sel, n, func(i int) error {
		if args[0].IsNull(i) {
			return sqlstate.New(sqlstate.NullValueNotAllowed, "SET requires parameter name")
		}
		name := args[0].Datum(i).Str()
		var value *string
		if !args[1].IsNull(i) {
			text := args[1].Datum(i).Str()
			value = &text
		}
		if err := ctx.Settings.Set(name, value, !args[2].IsNull(i) && args[2].Datum(i).Bool()); err != nil {
			return err
		}
		out.Str[i], _ = ctx.Settings.Get(name)
		return nil
	})
}
