package fn

import (
	"crypto/rand"
	"math"
	"sync/atomic"
	"time"

	"htapdb/sql/types"
	"htapdb/vector"
)

// sessionFunctions read the clock, the session and chance.
func sessionFunctions() []overload {
	var out []overload
	add := func(result types.Kind, vol Volatility, k Kernel, names ...string) {
		for _, n := range names {
			out = append(out, overload{name: n, result: result, vol: vol, kernel: k})
		}
	}
	add(types.TimestampTZ, Stable, constant(func(ctx *Context, out *vector.Vector, i int) { out.I64[i] = ctx.NowMicros }),
		"now", "current_timestamp", "transaction_timestamp", "statement_timestamp")
	add(types.Timestamp, Stable, zonedNow(func(out *vector.Vector, i int, local int64) { out.I64[i] = local }), "localtimestamp")
	add(types.Date, Stable, zonedNow(func(out *vector.Vector, i int, local int64) { out.I32[i] = timestampToDate(local) }), "current_date")
	add(types.Time, Stable, zonedNow(func(out *vector.Vector, i int, local int64) { out.I64[i] = timeOfDay(local) }), "localtime", "current_time")
	add(types.TimestampTZ, Volatile, constant(func(_ *Context, out *vector.Vector, i int) { out.I64[i] = time.Now().UnixMicro() }), "clock_timestamp")
	for name, fallback := range map[string]string{
		"current_user": "htap", "session_user": "htap", "user": "htap", "current_role": "htap",
		"current_database": "htap", "current_catalog": "htap", "current_schema": "public", "version": "htapdb",
	} {
		add(types.Text, Stable, constant(func(ctx *Context, out *vector.Vector, i int) {
			if v, ok := ctx.Vars[name]; ok {
				out.Str[i] = v
			} else if out.Str[i] = fallback; ctx.Vars != nil {
				out.Str[i] = "" // a search path without a schema
				out.SetNull(i)
			}
		}), name)
	}
	add(types.UUID, Volatile, constant(func(_ *Context, out *vector.Vector, i int) { out.Str[i] = randomUUID() }), "gen_random_uuid", "uuid_generate_v4")
	return append(out,
		overload{name: "random", result: types.Float8, vol: Volatile,
			prepare: func([]*vector.Vector) (Kernel, error) { return randomKernel(), nil }, kernel: func(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
				return randomKernel()(ctx, args, sel, n, out)
			}},
		overload{name: "pg_typeof", args: []types.Kind{anyKind}, result: types.Text, nullable: true, bind: bindTypeof},
		overload{name: "typeof", args: []types.Kind{anyKind}, result: types.Text, nullable: true, bind: bindTypeof})
}

// constant makes a kernel of a function without arguments.
func constant(f func(ctx *Context, out *vector.Vector, i int)) Kernel {
	return func(ctx *Context, _ []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		return eachRow(sel, n, func(i int) error {
			f(ctx, out, i)
			return nil
		})
	}
}

// zonedNow passes the transaction's start on the session's wall clock.
func zonedNow(put func(out *vector.Vector, i int, local int64)) Kernel {
	return withContext(func(ctx *Context) (Kernel, error) {
		loc, err := types.Zone(ctx.ZoneName)
		local := types.LocalMicros(loc, ctx.NowMicros)
		return constant(func(_ *Context, out *vector.Vector, i int) { put(out, i, local) }), err
	})
}

// bindTypeof names the argument's type.
func bindTypeof(b *binding) error {
	name := b.Args[0].BaseName()
	b.Kernel = func(_ *Context, _ []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		return eachRow(sel, n, func(i int) error {
			out.Str[i] = name
			return nil
		})
	}
	return nil
}

// randomUUID is a version 4 UUID (RFC 9562).
func randomUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return string(b[:])
}

// randomStreams numbers the streams of random(), so that calls and workers differ.
var randomStreams atomic.Uint64

// randomKernel makes random() for one evaluator: SplitMix64 from the statement's
// seed, a stream of its own per evaluator.
func randomKernel() Kernel {
	var state uint64
	started := false
	return func(ctx *Context, _ []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		if !started {
			state, started = ctx.Random, true
			if state == 0 {
				var b [8]byte
				rand.Read(b[:])
				for _, c := range b {
					state = state<<8 | uint64(c)
				}
			}
			state += randomStreams.Add(1) << 32
		}
		return eachRow(sel, n, func(i int) error {
			state += 0x9e3779b97f4a7c15
			z := state
			z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
			z = (z ^ z>>27) * 0x94d049bb133111eb
			z ^= z >> 31
			out.F64[i] = math.Ldexp(float64(z>>11), -53)
			return nil
		})
	}
}
