package fn

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// noRoom is an account that is full.
type noRoom struct{}

func (noRoom) Reserve(int64) error { return sqlstate.New(sqlstate.OutOfMemory, "full") }
func (noRoom) Release(int64)       {}

// textOverloads calls f with a call of every overload that makes text, its arguments columns.
func textOverloads(t *testing.T, f func(t *testing.T, s *Scalar, call Expr)) {
	for name, os := range overloads() {
		for k, o := range os {
			var args []Expr
			for i := range o.args {
				kind := o.param(i)
				if kind == anyKind || kind == sameKind {
					kind = types.Text
				}
				args = append(args, &Column{Index: i, Typ: types.Base(kind)})
			}
			ts := make([]types.Type, len(args))
			for i, a := range args {
				ts[i] = a.Type()
			}
			s, err := o.instantiate(ts, nil)
			if err != nil || s.bound == nil {
				continue
			}
			t.Run(fmt.Sprintf("%s %d", strings.ReplaceAll(name, "/", "÷"), k), func(t *testing.T) {
				f(t, s, &Call{Func: s, Args: args, Typ: s.Result})
			})
		}
	}
}

// textSamples are texts for arguments of which functions make much, or that
// they read in a way of their own.
var textSamples = []string{"", "a", "abc", "Straße", "ⱥȺɐ", "x' \\ \"y\"", `{1,"b",NULL}`, `{"a": [1e5, "é"]}`, `[1,2]`, "YYYY Month Day", "9999.99RN", "g", "hex", "base64",
	"escape", "utf8", "%s%10s", "İi", "\\x00ff", "TimeZone", strings.Repeat("ab'", 50), strings.Repeat("DAYQ", 20), strings.Repeat("9", 30)}

// jsonSamples are normalized.
var jsonSamples = []string{`{"a": 1, "ab": "é\\n"}`, `[1, 2, "x"]`, `"text"`, "12", "null", `{"abc": [{"a": 1.5}]}`, "{}", "[]"}

func randomArg(r *rand.Rand, kind types.Type) types.Datum {
	if kind.Kind == types.JSON || kind.Kind == types.JSONB {
		return types.NewString(jsonSamples[r.IntN(len(jsonSamples))])
	}
	switch kind.Physical() {
	case types.PhysString:
		return types.NewString(textSamples[r.IntN(len(textSamples))])
	case types.PhysBool:
		return types.NewBool(r.IntN(2) == 0)
	case types.PhysInt16, types.PhysInt32, types.PhysInt64:
		return types.NewInt(kind.Physical(), int64(r.IntN(200)-50))
	case types.PhysInt128:
		return types.NewInt128(types.Int128From(r.Int64()))
	case types.PhysFloat32:
		return types.NewFloat32(float32(r.NormFloat64() * 1e9))
	case types.PhysFloat64:
		return types.NewFloat64(r.NormFloat64() * 1e9)
	}
	return types.NewInterval(types.IntervalValue{Months: int32(r.IntN(9999)), Days: int32(r.IntN(9999)), Micros: r.Int64N(1 << 50)})
}

// argBatch is one row of arguments.
func argBatch(s *Scalar, arg func(i int, t types.Type) types.Datum) *vector.Batch {
	b := &vector.Batch{Len: 1}
	for i, t := range s.Args {
		v := vector.New(t, 1)
		v.Set(0, arg(i, t))
		b.Cols = append(b.Cols, v)
	}
	return b
}

// boundSlack is a constant that a bound leaves out, a row.
const boundSlack = 512

// TestTextBounds holds every function that makes text to its bound, on random arguments.
func TestTextBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	ctx := &Context{NowMicros: 1, Vars: map[string]string{"setting:timezone": "UTC"}}
	textOverloads(t, func(t *testing.T, s *Scalar, call Expr) {
		made := 0
		for range 400 {
			b := argBatch(s, func(_ int, kind types.Type) types.Datum { return randomArg(r, kind) })
			v, err := NewEvaluator(ctx, call).Eval(b)
			if err != nil || v[0].IsNull(0) || s.bound == ownBound {
				continue
			}
			made++
			limit := s.bound.total(b.Cols, nil, 1)
			if s.bound == noBound {
				for _, c := range b.Cols {
					if c.Type.Physical() == types.PhysString {
						limit = max(limit, int64(len(c.Str[0])))
					}
				}
			}
			if got := int64(len(v[0].Datum(0).Str())); got > limit+boundSlack {
				t.Fatalf("%s makes %d bytes of %v, its bound is %d", s.Name, got, b.Cols, limit)
			}
		}
		t.Log(made)
	})
}

// TestTextRoom calls the functions with arguments of which they make more than
// they may: all have to ask before.
func TestTextRoom(t *testing.T) {
	ctx := &Context{Memory: noRoom{}}
	const long = 4 << 20
	texts := map[string][]string{ // of those that look into their arguments
		"regexp_replace": {strings.Repeat("x", long), "x", "yyyy", "g"}, "format": {"%5000000s"},
	}
	textOverloads(t, func(t *testing.T, s *Scalar, call Expr) {
		if s.bound == noBound {
			return
		}
		b := argBatch(s, func(i int, kind types.Type) types.Datum {
			given := texts[s.Name]
			switch {
			case i < len(given):
				return types.NewString(given[i])
			case kind.Kind == types.JSON, kind.Kind == types.JSONB:
				return types.NewString(`"` + strings.Repeat("7", long) + `"`)
			case kind.Physical() == types.PhysString:
				return types.NewString(strings.Repeat("7", long))
			case kind.Physical() == types.PhysInt32:
				return types.NewInt32(long)
			}
			return randomArg(rand.New(rand.NewPCG(1, 1)), kind)
		})
		_, err := NewEvaluator(ctx, call).Eval(b)
		var e *sqlstate.Error
		if s.bound == ownBound && s.Name == "regexp_replace" && len(s.Args) == 3 {
			return // replaces one match
		}
		if !errors.As(err, &e) || e.Code != sqlstate.OutOfMemory {
			t.Errorf("%s of long arguments without memory: %v", s.Name, err)
		}
	})
}
