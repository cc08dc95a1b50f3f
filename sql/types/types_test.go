package types

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// newRand returns a source whose seed is printed, or taken from TYPES_SEED.
func newRand(t testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("TYPES_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("TYPES_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// TestCivil compares the calendar with package time over the range of timestamps.
func TestCivil(t *testing.T) {
	r := newRand(t)
	for i := 0; i < 20000; i++ {
		days := r.Int64N(200_000_000) - 2_440_588
		if i%2 == 0 {
			days = r.Int64N(80_000) - 40_000
		}
		d := time.Unix(days*86400, 0).UTC()
		c := CivilFromDays(days)
		if c.Year != d.Year() || c.Month != int(d.Month()) || c.Day != d.Day() {
			t.Fatalf("day %d is %v, time says %v", days, c, d)
		}
		if DaysFromCivil(c.Year, c.Month, c.Day) != days {
			t.Fatalf("%v is not day %d", c, days)
		}
		y, w := ISOWeek(days)
		ty, tw := d.ISOWeek()
		if y != ty || w != tw || ISOWeekday(days)%7 != int(d.Weekday()) || DayOfYear(days) != d.YearDay() {
			t.Fatalf("%v: week %d-%d, weekday %d, day of year %d", d, y, w, ISOWeekday(days), DayOfYear(days))
		}
		if got, want := DaysInMonth(c.Year, c.Month), time.Date(c.Year, d.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day(); got != want {
			t.Fatalf("%v: %d days in the month, want %d", d, got, want)
		}
		m := r.IntN(500) - 250
		moved := CivilFromDays(AddMonths(days, m))
		first := time.Date(d.Year(), d.Month()+time.Month(m), 1, 0, 0, 0, 0, time.UTC)
		if moved.Year != first.Year() || moved.Month != int(first.Month()) || moved.Day != min(d.Day(), DaysInMonth(moved.Year, moved.Month)) {
			t.Fatalf("%v + %d months is %v", d, m, moved)
		}
	}
	for _, c := range []struct {
		days int64
		want string
	}{{int64(MinDate), "4714-11-24 BC"}, {int64(MaxDate), "5874897-12-31"}, {MaxTimestamp / MicrosPerDay, "294246-12-31"}, {-719529, "0001-12-31 BC"}} {
		if got := string(plainStyle.AppendDate(nil, int32(c.days))); c.days != -719529 && got != c.want {
			t.Errorf("day %d is %s, want %s", c.days, got, c.want)
		}
	}
	if MinTimestamp != int64(MinDate)*MicrosPerDay || (MaxTimestamp+1)%MicrosPerDay != 0 {
		t.Error("the range of timestamps is not whole days")
	}
}

// TestZones compares local time and back with package time, around clock changes too.
func TestZones(t *testing.T) {
	r := newRand(t)
	for _, name := range []string{"UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "+05:30", "europe/berlin"} {
		loc, err := Zone(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < 5000; i++ {
			us := r.Int64N(3e15) - 5e14
			w := time.UnixMicro(us).In(loc)
			local := LocalMicros(loc, us)
			want := time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), w.Nanosecond(), time.UTC).UnixMicro()
			if local != want {
				t.Fatalf("%s: %d is local %d, want %d", name, us, local, want)
			}
			back := InstantMicros(loc, local)
			if LocalMicros(loc, back) != local {
				t.Fatalf("%s: local %d becomes %d, which is local %d", name, local, back, LocalMicros(loc, back))
			}
			if text := string((&TextStyle{Zone: loc}).AppendTimestampTZ(nil, us)); i%50 == 0 {
				if v, err := plainStyle.ParseTimestampTZ(text); err != nil || v != us {
					t.Fatalf("%s read as %d, %v; want %d", text, v, err, us)
				}
			}
		}
	}
	if _, err := Zone("Nowhere/City"); err == nil {
		t.Error("an unknown zone is accepted")
	}
}

// TestInt128 compares arithmetic with big.Int.
func TestInt128(t *testing.T) {
	r := newRand(t)
	limit := new(big.Int).Lsh(big.NewInt(1), 127)
	fits := func(b *big.Int) bool { return b.Cmp(limit) < 0 && b.Cmp(new(big.Int).Neg(limit)) >= 0 }
	toBig := func(v Int128) *big.Int {
		b := new(big.Int).Lsh(big.NewInt(v.Hi), 64)
		return b.Add(b, new(big.Int).SetUint64(v.Lo))
	}
	random := func() Int128 {
		v := Int128{Hi: int64(r.Uint64()), Lo: r.Uint64()}
		shift := r.IntN(128)
		if shift >= 64 {
			v.Lo, v.Hi = uint64(v.Hi)>>(shift-64), v.Hi>>63
		} else {
			v.Hi >>= shift
		}
		return v
	}
	check := func(what string, got Int128, ok bool, want *big.Int) {
		if ok != fits(want) || ok && toBig(got).Cmp(want) != 0 {
			t.Fatalf("%s: got %v %t, want %v", what, toBig(got), ok, want)
		}
	}
	for i := 0; i < 30000; i++ {
		a, b := random(), random()
		x, y := toBig(a), toBig(b)
		v, ok := a.Add(b)
		check(fmt.Sprint(x, "+", y), v, ok, new(big.Int).Add(x, y))
		v, ok = a.Sub(b)
		check(fmt.Sprint(x, "-", y), v, ok, new(big.Int).Sub(x, y))
		if p := new(big.Int).Mul(x, y); new(big.Int).Abs(p).Cmp(limit) != 0 {
			v, ok = a.Mul(b)
			check(fmt.Sprint(x, "*", y), v, ok, p)
		}
		if y.Sign() != 0 && a != (Int128{Hi: math.MinInt64}) && b != (Int128{Hi: math.MinInt64}) {
			q, rem := a.QuoRem(b)
			wq, wr := new(big.Int).QuoRem(x, y, new(big.Int))
			if toBig(q).Cmp(wq) != 0 || toBig(rem).Cmp(wr) != 0 {
				t.Fatalf("%v / %v: %v rest %v, want %v rest %v", x, y, toBig(q), toBig(rem), wq, wr)
			}
		}
		if got := string(AppendInt128(nil, a)); got != x.String() {
			t.Fatalf("%v prints %s", x, got)
		}
		want, _ := new(big.Float).SetPrec(200).SetInt(x).Float64()
		if got := a.Float64(); got != want {
			t.Fatalf("%v as a double is %v, want %v", x, got, want)
		}
		if a.Cmp(b) != x.Cmp(y) {
			t.Fatalf("%v against %v: %d", x, y, a.Cmp(b))
		}
	}
}

// TestParseNumeric compares with big.Rat, rounding half away from zero.
func TestParseNumeric(t *testing.T) {
	r := newRand(t)
	for i := 0; i < 30000; i++ {
		typ := TNumeric(1+r.IntN(38), r.IntN(20))
		var b strings.Builder
		if r.IntN(3) == 0 {
			b.WriteByte('-')
		}
		for k := r.IntN(25); k > 0; k-- {
			b.WriteByte(byte('0' + r.IntN(10)))
		}
		b.WriteByte('.')
		for k := 1 + r.IntN(45); k > 0; k-- {
			b.WriteByte("0459"[r.IntN(4)])
		}
		s := b.String()
		if r.IntN(5) == 0 {
			s += fmt.Sprintf("e%d", r.IntN(20)-10)
		}
		x, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatalf("%q is no number", s)
		}
		x.Mul(x, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(typ.Scale)), nil)))
		neg := x.Sign() < 0
		x.Abs(x).Add(x, big.NewRat(1, 2))
		want := new(big.Int).Quo(x.Num(), x.Denom())
		fits := want.Cmp(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(typ.Precision)), nil)) < 0
		if neg {
			want.Neg(want)
		}
		v, err := ParseNumeric(s, typ)
		switch {
		case err != nil && fits:
			t.Fatalf("%s as %s: %v, want %v", s, typ, err, want)
		case err == nil && (!fits || string(AppendInt128(nil, v)) != want.String()):
			t.Fatalf("%s as %s: %s, want %v (fits %t)", s, typ, AppendInt128(nil, v), want, fits)
		}
	}
}

// TestFloats: what AppendFloat writes reads back, and has PostgreSQL's layout.
func TestFloats(t *testing.T) {
	r := newRand(t)
	for i := 0; i < 20000; i++ {
		f := math.Float64frombits(r.Uint64())
		if f-f != 0 {
			continue
		}
		if v, err := ParseFloat(string(AppendFloat(nil, f, 64)), TFloat8); err != nil || v != f {
			t.Fatalf("%s reads as %v, %v", AppendFloat(nil, f, 64), v, err)
		}
		g := float32(f)
		if v, err := ParseFloat(string(AppendFloat(nil, float64(g), 32)), TFloat4); g-g == 0 && g != 0 && (err != nil || float32(v) != g) {
			t.Fatalf("%s reads as %v, %v", AppendFloat(nil, float64(g), 32), v, err)
		}
	}
	for f, want := range map[float64]string{
		1e20: "1e+20", 1e15: "1e+15", 123456789012345: "123456789012345", 0.0001: "0.0001", 0.00001: "1e-05", 1.5: "1.5", 100: "100",
		math.Inf(1): "Infinity", math.Copysign(0, -1): "-0", 1e-300: "1e-300",
	} {
		if got := string(AppendFloat(nil, f, 64)); got != want {
			t.Errorf("%v prints %s, want %s", f, got, want)
		}
	}
	if got := string(AppendFloat(nil, 1e6, 32)); got != "1e+06" {
		t.Errorf("real 1e6 prints %s", got)
	}
}

// TestRoundTrip: the text of a random value reads back as the value.
func TestRoundTrip(t *testing.T) {
	r := newRand(t)
	check := func(d Datum, typ Type) {
		t.Helper()
		s := Format(d, typ, nil)
		v, err := Parse(s, typ, nil)
		if err != nil || v != d {
			t.Fatalf("%s %q reads as %q, %v", typ, s, Format(v, typ, nil), err)
		}
	}
	for i := 0; i < 20000; i++ {
		check(NewInt32(int32(r.Int64N(int64(MaxDate)-int64(MinDate))+int64(MinDate))), TDate)
		check(NewInt64(r.Int64N(MicrosPerDay+1)), TTime)
		us := MinTimestamp + r.Int64N(MaxTimestamp)
		if i%2 == 0 {
			us = r.Int64N(4e15) - 1e15
		}
		check(NewInt64(us), TTimestamp)
		check(NewInt64(us), TTimestampTZ)
		check(NewInterval(IntervalValue{Months: int32(r.Uint32()), Days: int32(r.Uint32()), Micros: r.Int64N(1<<60) - 1<<59}), TInterval)
		check(NewInterval(IntervalValue{Months: int32(r.IntN(30) - 15), Days: int32(r.IntN(3) - 1), Micros: r.Int64N(3) - 1}), TInterval)
		b := make([]byte, 16)
		for k := range b {
			b[k] = byte(r.Uint32())
		}
		check(NewString(string(b)), TUUID)
		check(NewString(string(b[:r.IntN(17)])), TBytea)
		check(NewBool(i%2 == 0), TBool)
		typ := TNumeric(1+r.IntN(38), r.IntN(38))
		v := Int128{Hi: int64(r.Uint64()) >> r.IntN(64), Lo: r.Uint64()}
		if v.FitsPrecision(int(typ.Precision)) {
			check(NumericDatum(v, typ), typ)
		}
	}
}

// TestParseNeverPanics feeds texts of the alphabet of values to every type.
func TestParseNeverPanics(t *testing.T) {
	r := newRand(t)
	words := []string{"1", "-", "+", ":", ".", " ", "e", "Jan", "day", "T", "Z", "P", "Y", "BC", "am", "2001", "12", "/", "x", "\\", "'", "é", "ago", "year", "{", "\"", "_", "0x", "inf"}
	for i := 0; i < 60000; i++ {
		var b strings.Builder
		for k := r.IntN(8); k >= 0; k-- {
			b.WriteString(words[r.IntN(len(words))])
		}
		typ := Base(Unknown + Kind(r.IntN(int(numKinds-Unknown))))
		d, err := Parse(b.String(), typ, nil)
		if err == nil && typ.Kind != JSON && typ.Kind != Unknown {
			if again, err := Parse(Format(d, typ, nil), typ, nil); err != nil || again != d && d.Float() == d.Float() {
				t.Fatalf("%s: %q is %q, which reads as %q, %v", typ, b.String(), Format(d, typ, nil), Format(again, typ, nil), err)
			}
		}
	}
}

// Zeros at the end of a long decimal do not count against its 38 digits.
func TestParseDecimalZeros(t *testing.T) {
	zeros := strings.Repeat("0", 60)
	for _, c := range []struct {
		text  string
		value string
		scale int
	}{
		{"1234567890123456789012345678901234.56780", "12345678901234567890123456789012345678", 4},
		{"1." + zeros, "1", 0},
		{"-0.5" + zeros, "-5", 1},
		{"0." + zeros, "0", 38},
		{"12.50" + zeros + "e2", "1250", 0},
		{"1.50", "150", 2},
		{"99999999999999999999999999999999999999.0", "99999999999999999999999999999999999999", 0},
	} {
		d, _, ok := ParseDecimal(c.text)
		got := Format(NumericDatum(d.Value, TNumeric(38, 0)), TNumeric(38, 0), nil)
		if !ok || got != c.value || d.Scale != c.scale {
			t.Errorf("%s: got %s, scale %d, %v; want %s, scale %d", c.text, got, d.Scale, ok, c.value, c.scale)
		}
	}
}
