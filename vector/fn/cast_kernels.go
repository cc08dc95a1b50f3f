package fn

import (
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// castKernel fills in s.Kernel (or s.relabel) for the conversion, leaving both
// unset if there is none. explicit casts cut texts to length, others refuse.
func castKernel(s *Scalar, from, to types.Type, explicit bool) {
	switch {
	case from.Kind == to.Kind && to.Kind >= types.Time && to.Kind <= types.Interval:
		castModifiers(s, to)
	case to.IsString() || to.Kind == types.Unknown:
		castToText(s, from, to, explicit)
	case from.IsString() || from.Kind == types.Unknown:
		castFromText(s, to)
	case from.IsNumber() && to.IsNumber():
		s.Kernel, s.Total = castNumber(from, to)
	case from.Kind == types.Bool || to.Kind == types.Bool:
		castBool(s, from, to)
	case from.Kind == types.JSON && to.Kind == types.JSONB:
		s.Kernel = normalizeKernel
	case from.Kind == types.JSONB:
		castFromJSON(s, to)
	default:
		castTime(s, from, to)
	}
}

// castBound is how long a text is that a cast makes.
func castBound(from, to types.Type) *textBound {
	switch {
	case !isTextual(to.Kind):
		return nil
	case to.Kind == types.JSONB:
		return ownBound
	case from.Kind == types.Bytea && to.IsString():
		return rowBound(func(a []*vector.Vector, i int) int64 { return valueBytes(a[0], i) })
	case to.Kind == types.Bytea:
		return copyBound
	}
	return noBound // a part of a text, or a number's or date's
}

// normalizeKernel reads JSONB from text, and checkKernel JSON. They charge what they
// make as they go.
var (
	normalizeKernel = limited(func(l types.JSONLimits) Kernel {
		return try1(func(v string) (string, error) { return types.NormalizeJSONWithin(v, l) })
	})
	checkKernel = limited(func(l types.JSONLimits) Kernel {
		return try1(func(v string) (string, error) { return v, types.CheckJSONWithin(v, l) })
	})
)

// castBool converts between BOOLEAN and integers.
func castBool(s *Scalar, from, to types.Type) {
	switch {
	case from.Kind == types.Bool && to.Kind == types.Int4:
		s.Kernel, s.Total = map1(func(v uint8) int32 { return int32(v) }), true
	case from.Kind == types.Bool && to.Kind == types.Int8:
		s.Kernel, s.Total = map1(func(v uint8) int64 { return int64(v) }), true
	case from.Kind == types.Int4:
		s.Kernel, s.Total = map1(func(v int32) uint8 { return b2u(v != 0) }), true
	case from.Kind == types.Int8:
		s.Kernel, s.Total = map1(func(v int64) uint8 { return b2u(v != 0) }), true
	}
}

// castToText converts to TEXT, VARCHAR(n) and CHAR(n).
func castToText(s *Scalar, from, to types.Type, explicit bool) {
	fit := func(v string) (string, error) { return types.FitLength(v, to, explicit) }
	bounded := to.Kind == types.Char || to.Kind == types.Varchar && to.Length > 0
	switch from.Kind {
	case types.Unknown, types.Text, types.Varchar, types.Char, types.JSON, types.JSONB:
		if !bounded || from.Kind == types.Char && to.Length >= from.Length && from.Length > 0 {
			s.relabel, s.Total = true, true
			return
		}
		s.Kernel = try1(fit)
	case types.Bool:
		s.Kernel = try1(func(v uint8) (string, error) {
			if v != 0 {
				return fit("true")
			}
			return fit("false")
		})
	case types.Date, types.Timestamp, types.TimestampTZ, types.Interval:
		styled(s, func(st *types.TextStyle) Kernel { return formatKernel(from, st, fit) })
	default:
		s.Kernel = formatKernel(from, nil, fit)
	}
}

// formatKernel writes values of from as text and applies fit.
func formatKernel(from types.Type, st *types.TextStyle, fit func(string) (string, error)) Kernel {
	text := func(d types.Datum) (string, error) { return fit(st.Format(d, from)) }
	switch from.Physical() {
	case types.PhysInt16:
		return try1(func(v int16) (string, error) { return text(types.NewInt16(v)) })
	case types.PhysInt32:
		return try1(func(v int32) (string, error) { return text(types.NewInt32(v)) })
	case types.PhysInt64:
		return try1(func(v int64) (string, error) { return text(types.NewInt64(v)) })
	case types.PhysInt128:
		return try1(func(v types.Int128) (string, error) { return text(types.NewInt128(v)) })
	case types.PhysFloat32:
		return try1(func(v float32) (string, error) { return text(types.NewFloat32(v)) })
	case types.PhysFloat64:
		return try1(func(v float64) (string, error) { return text(types.NewFloat64(v)) })
	case types.PhysString:
		return try1(func(v string) (string, error) { return text(types.NewString(v)) })
	case types.PhysInterval:
		return try1(func(v types.IntervalValue) (string, error) { return text(types.NewInterval(v)) })
	}
	return nil
}

// castFromText reads values by the types' input functions.
func castFromText(s *Scalar, to types.Type) {
	parse := func(v string) (types.Datum, error) { return types.Parse(v, to, nil) }
	switch to.Kind {
	case types.JSON:
		s.Kernel = checkKernel
		return
	case types.JSONB:
		s.Kernel = normalizeKernel
		return
	}
	if to.Kind >= types.Date && to.Kind <= types.Interval {
		// now, today; the session's zone, the order of dates, the signs of intervals
		styled(s, func(st *types.TextStyle) Kernel {
			return parseKernel(to, func(v string) (types.Datum, error) { return st.Parse(v, to) })
		})
		return
	}
	s.Kernel = parseKernel(to, parse)
}

// parseKernel makes a kernel of a function that reads text.
func parseKernel(to types.Type, parse func(string) (types.Datum, error)) Kernel {
	switch to.Physical() {
	case types.PhysBool:
		return try1(func(v string) (uint8, error) { d, err := parse(v); return uint8(d.Int()), err })
	case types.PhysInt16:
		return try1(func(v string) (int16, error) { d, err := parse(v); return int16(d.Int()), err })
	case types.PhysInt32:
		return try1(func(v string) (int32, error) { d, err := parse(v); return int32(d.Int()), err })
	case types.PhysInt64:
		return try1(func(v string) (int64, error) { d, err := parse(v); return d.Int(), err })
	case types.PhysInt128:
		return try1(func(v string) (types.Int128, error) { d, err := parse(v); return d.Int128(), err })
	case types.PhysFloat32:
		return try1(func(v string) (float32, error) { d, err := parse(v); return float32(d.Float()), err })
	case types.PhysFloat64:
		return try1(func(v string) (float64, error) { d, err := parse(v); return d.Float(), err })
	case types.PhysString:
		return try1(func(v string) (string, error) { d, err := parse(v); return d.Str(), err })
	case types.PhysInterval:
		return try1(func(v string) (types.IntervalValue, error) { d, err := parse(v); return d.Interval(), err })
	}
	return nil
}

// castFromJSON converts a JSON scalar to a number or boolean.
func castFromJSON(s *Scalar, to types.Type) {
	if to.Kind == types.JSON {
		s.relabel, s.Total = true, true
		return
	}
	s.Kernel = parseKernel(to, func(v string) (types.Datum, error) {
		what := jsonKind(v)
		if to.Kind == types.Bool && what != "boolean" || to.Kind != types.Bool && what != "numeric" {
			return types.NullDatum, sqlstate.New(sqlstate.InvalidParameterValue, "cannot cast jsonb %s to type %s", what, to.BaseName())
		}
		if to.IsInteger() {
			// JSON numbers round as NUMERIC does: 1.5 and 15e-1 are 2.
			if w, err := types.ParseNumeric(v, types.TNumeric(types.MaxPrecision, 0)); err == nil {
				if i, fits := w.Int64(); fits {
					if lo, hi := types.IntRange(to.Kind); i >= lo && i <= hi {
						return types.NewInt(to.Physical(), i), nil
					}
				}
			}
			return types.NullDatum, outOfRange(to.Kind)
		}
		return types.Parse(v, to, nil)
	})
}

// jsonKind names the kind of a normalized JSON text.
func jsonKind(v string) string {
	switch v[:min(1, len(v))] {
	case "{":
		return "object"
	case "[":
		return "array"
	case `"`:
		return "string"
	case "t", "f":
		return "boolean"
	case "n":
		return "null"
	}
	return "numeric"
}
