package rowstore

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"htapdb/sql/types"

	"github.com/cockroachdb/pebble/v2"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the golden files")

// keyTypes are the types that keys are tested with, every representation among them.
var keyTypes = []types.Type{
	types.TBool, types.TInt2, types.TInt4, types.TInt8, types.TFloat4, types.TFloat8,
	types.TNumeric(18, 2), types.TNumeric(38, 4), types.TText, types.TBytea, types.TDate,
	types.TTime, types.TTimestamp, types.TTimestampTZ, types.TInterval, types.TUUID, types.TJSONB,
}

var edgeInts = []int64{0, 1, -1, 2, 127, 128, 255, 256, math.MaxInt16, math.MinInt16, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64}

var edgeFloats = []float64{0, math.Copysign(0, -1), 1, -1, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64,
	-math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1), math.NaN(), math.Float64frombits(0xFFF8000000000001), 1e-300}

var edgeStrings = []string{"", "\x00", "\x00\x00", "\x00\x01", "\x00\xff", "a", "a\x00", "a\x00b", "ab", "b", "\xff", "\xff\xff", "ä", "\x01"}

// randomDatum returns a value of t, often one at an edge.
func randomDatum(rng *rand.Rand, t types.Type) types.Datum {
	integer := func() int64 {
		if rng.IntN(3) == 0 {
			return edgeInts[rng.IntN(len(edgeInts))]
		}
		return int64(rng.Uint64()) >> rng.IntN(64)
	}
	float := func() float64 {
		if rng.IntN(3) == 0 {
			return edgeFloats[rng.IntN(len(edgeFloats))]
		}
		return math.Float64frombits(rng.Uint64())
	}
	switch t.Physical() {
	case types.PhysBool:
		return types.NewBool(rng.IntN(2) == 0)
	case types.PhysInt16:
		return types.NewInt16(int16(integer()))
	case types.PhysInt32:
		return types.NewInt32(int32(integer()))
	case types.PhysInt64:
		return types.NewInt64(integer())
	case types.PhysInt128:
		return types.NewInt128(types.Int128{Hi: integer(), Lo: uint64(integer())})
	case types.PhysFloat32:
		return types.NewFloat32(float32(float()))
	case types.PhysFloat64:
		return types.NewFloat64(float())
	case types.PhysInterval:
		return types.NewInterval(types.IntervalValue{Months: int32(integer()), Days: int32(integer()), Micros: integer()})
	}
	if t.Kind == types.UUID {
		b := make([]byte, 16)
		for i := range b {
			b[i] = byte(rng.Uint32()) * byte(rng.IntN(2))
		}
		return types.NewString(string(b))
	}
	if rng.IntN(3) == 0 {
		return types.NewString(edgeStrings[rng.IntN(len(edgeStrings))])
	}
	b := make([]byte, rng.IntN(6))
	for i := range b {
		b[i] = byte(rng.IntN(4)) * 85
	}
	return types.NewString(string(b))
}

// compareSQL is the SQL order of two values that are not NULL: floats with
// −0 = 0 and NaN last, strings by bytes, intervals by their length.
func compareSQL(t types.Type, a, b types.Datum) int {
	switch t.Physical() {
	case types.PhysInt128:
		return a.Int128().Cmp(b.Int128())
	case types.PhysFloat32, types.PhysFloat64:
		x, y := a.Float(), b.Float()
		switch {
		case x != x && y != y:
			return 0
		case x != x:
			return 1
		case y != y:
			return -1
		}
		return cmp.Compare(x+0, y+0)
	case types.PhysInterval:
		return intervalOrder(a.Interval()).Cmp(intervalOrder(b.Interval()))
	case types.PhysString:
		return strings.Compare(a.Str(), b.Str())
	}
	return cmp.Compare(a.Int(), b.Int())
}

// compareNullsLast adds NULL, which sorts last.
func compareNullsLast(t types.Type, a, b types.Datum) int {
	switch {
	case a.IsNull() && b.IsNull():
		return 0
	case a.IsNull():
		return 1
	case b.IsNull():
		return -1
	}
	return compareSQL(t, a, b)
}

// TestKeyOrder: encoded keys of several columns compare as their values do,
// equal encodings mean equal values, and no key is a prefix of another.
func TestKeyOrder(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 20_000 {
		cols := make([]types.Type, 1+rng.IntN(3))
		var pk, ix []int
		def := TableDef{ID: 1 + rng.Uint32N(1000), Name: "k"}
		for i := range cols {
			cols[i] = keyTypes[rng.IntN(len(keyTypes))]
			def.Columns = append(def.Columns, Column{ID: uint32(i + 1), Name: "c", Type: cols[i]})
			pk, ix = append(pk, i), append(ix, i)
		}
		nullable := def
		nullable.Indexes = []Index{{ID: 1, Name: "i", Columns: ix}}
		nullable.Columns = slices.Clone(def.Columns)
		def.Primary = pk
		sch, isch := mustSchema(t, def), mustSchema(t, nullable)

		rows := [2][]types.Datum{}
		for r := range rows {
			for i := range cols {
				d := randomDatum(rng, cols[i])
				if r == 1 && rng.IntN(2) == 0 {
					d = rows[0][i]
				}
				rows[r] = append(rows[r], d)
			}
		}
		check := func(what string, a, b []byte) {
			t.Helper()
			want := 0
			for i := range cols {
				if want == 0 {
					want = compareNullsLast(cols[i], rows[0][i], rows[1][i])
				}
			}
			if got := bytes.Compare(a, b); got != want {
				t.Fatalf("%s %v: %s and %s compare %d, want %d", what, cols, formatRow(isch, rows[0]), formatRow(isch, rows[1]), got, want)
			}
			if want != 0 && (bytes.HasPrefix(a, b) || bytes.HasPrefix(b, a)) {
				t.Fatalf("%s: %x and %x: one is a prefix of the other", what, a, b)
			}
		}
		a, b := must(sch.PrimaryKeyOf(rows[0])), must(sch.PrimaryKeyOf(rows[1]))
		check("primary", a, b)
		checkRoundTrip(t, sch, a, rows[0])
		for r := range rows {
			for i := range cols {
				if rng.IntN(4) == 0 {
					rows[r][i] = types.NullDatum
				}
			}
		}
		x, _, err1 := isch.appendIndexColumns(nil, &isch.indexes[0], rows[0])
		y, _, err2 := isch.appendIndexColumns(nil, &isch.indexes[0], rows[1])
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		check("index", x, y)
	}
}

func checkRoundTrip(t *testing.T, sch *Schema, key Key, row []types.Datum) {
	t.Helper()
	got, err := sch.DecodeKey(key)
	if err != nil {
		// The only values that do not come back are intervals too long to normalize.
		for _, c := range sch.Def().Columns {
			if c.Type.Kind == types.Interval {
				return
			}
		}
		t.Fatal(err)
	}
	for i, d := range got {
		if compareSQL(sch.def.Columns[i].Type, d, row[i]) != 0 {
			t.Fatalf("%x decodes to %s, was %s", []byte(key), formatRow(sch, got), formatRow(sch, row))
		}
	}
}

// TestComparer checks what Pebble asks of a Comparer, on engine keys and
// bounds.
func TestComparer(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	random := func() []byte {
		k := appendHeader(nil, 1+rng.Uint32N(3)*200, rng.Uint32N(3))
		n := rng.IntN(4)
		for range n {
			k = append(k, []byte{0, 1, 9, 0xFF, byte(rng.Uint32())}[rng.IntN(5)])
		}
		if rng.IntN(4) == 0 {
			return append(k, sentinel)
		}
		return appendSuffix(k, Timestamp(rng.Uint64()>>rng.IntN(64)))
	}
	c := comparer
	for range 200_000 {
		a, b := random(), random()
		if c.Compare(a, b) > 0 {
			a, b = b, a
		}
		x := c.Compare(a, b)
		if c.Equal(a, b) != (x == 0) {
			t.Fatalf("Equal(%x, %x)", a, b)
		}
		if aa, ab := c.AbbreviatedKey(a), c.AbbreviatedKey(b); aa > ab {
			t.Fatalf("abbreviated %x > %x for %x, %x", aa, ab, a, b)
		}
		if x < 0 {
			if sep := c.Separator(nil, a, b); c.Compare(a, sep) > 0 || c.Compare(sep, b) >= 0 || len(sep) > len(a) {
				t.Fatalf("separator %x of %x and %x", sep, a, b)
			}
		}
		if suc := c.Successor(nil, a); c.Compare(a, suc) > 0 {
			t.Fatalf("successor %x of %x", suc, a)
		}
		prefix := a[:c.Split(a)]
		if c.Split(prefix) != len(prefix) || len(prefix) < len(a) && c.Compare(prefix, a) >= 0 {
			t.Fatalf("prefix %x of %x", prefix, a)
		}
		next := c.ImmediateSuccessor(nil, prefix)
		if c.Split(next) != len(next) || c.Compare(a, next) >= 0 {
			t.Fatalf("immediate successor %x of %x", next, prefix)
		}
		if p := b[:c.Split(b)]; c.Compare(prefix, p) < 0 && c.Compare(next, p) > 0 {
			t.Fatalf("%x lies between %x and its successor", p, prefix)
		}
	}
	if err := pebble.CheckComparer(c, [][]byte{{1, 0}, {1, 1, 0}, {2, 0}}, [][]byte{appendSuffix(nil, 9)[1:], appendSuffix(nil, 5)[1:]}); err != nil {
		t.Error(err)
	}
}

// TestSpans compares KeySpan with a filter over all values.
func TestSpans(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	sch := mustSchema(t, TableDef{ID: 1, Name: "s", Primary: []int{0, 1},
		Columns: []Column{{ID: 1, Name: "a", Type: types.TText}, {ID: 2, Name: "b", Type: types.TFloat8}, {ID: 3, Name: "c", Type: types.TText}},
		Indexes: []Index{{ID: 1, Name: "i", Columns: []int{2, 1}}}})
	for range 20_000 {
		row := []types.Datum{randomDatum(rng, types.TText), randomDatum(rng, types.TFloat8), randomDatum(rng, types.TText)}
		if rng.IntN(5) == 0 {
			row[2] = types.NullDatum
		}
		index := uint32(rng.IntN(2))
		columns, body := []int{0, 1}, []byte(must(sch.PrimaryKeyOf(row)))
		if index == 1 {
			columns = []int{2, 1}
			cols, _, _ := sch.appendIndexColumns(nil, &sch.indexes[0], row)
			body = append(cols, body...)
		}
		var eq []types.Datum
		want := true
		for _, ord := range columns[:rng.IntN(2)] {
			d := row[ord]
			if rng.IntN(2) == 0 {
				d = randomDatum(rng, sch.def.Columns[ord].Type)
			}
			eq = append(eq, d)
			want = want && compareNullsLast(sch.def.Columns[ord].Type, d, row[ord]) == 0
		}
		typ := sch.def.Columns[columns[len(eq)]].Type
		v := row[columns[len(eq)]]
		bound := func(sign int) *Bound {
			if rng.IntN(3) == 0 {
				return nil
			}
			b := &Bound{randomDatum(rng, typ), rng.IntN(2) == 0}
			if rng.IntN(3) == 0 && !v.IsNull() {
				b.Value = v
			}
			c := 0
			if !v.IsNull() {
				c = compareSQL(typ, v, b.Value) * sign
			}
			want = want && !v.IsNull() && (c > 0 || c == 0 && b.Inclusive)
			return b
		}
		lo, hi := bound(1), bound(-1)
		sp, err := sch.KeySpan(index, eq, lo, hi)
		if err != nil {
			t.Fatal(err)
		}
		got := bytes.Compare(body, sp.Start) >= 0 && (sp.End == nil || bytes.Compare(body, sp.End) < 0)
		if got != want {
			t.Fatalf("index %d eq %v lo %v hi %v: row %s in span: %v, want %v", index, eq, lo, hi, formatRow(sch, row), got, want)
		}
	}
}

// golden compares lines with a file in testdata.
func golden(t *testing.T, name string, lines []string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	got := strings.Join(lines, "\n") + "\n"
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs: what is on disk would no longer be readable.\ngot:\n%s", path, got)
	}
}

// goldenValues has one value of each type.
var goldenValues = map[types.Kind]string{
	types.Bool: "t", types.Int2: "-2", types.Int4: "70000", types.Int8: "-5000000000", types.Float4: "1.5", types.Float8: "-0.25",
	types.Numeric: "12345.67", types.Text: "a\x00b", types.Bytea: `\x00ff`, types.Date: "2001-09-09", types.Time: "01:46:40",
	types.Timestamp: "2001-09-09 01:46:40", types.TimestampTZ: "2001-09-09 01:46:40+00", types.Interval: "1 mon 2 days 00:00:03",
	types.UUID: "00010203-0405-0607-0809-0a0b0c0d0e0f", types.JSONB: `{"a": 1}`,
}

func goldenSchema(t *testing.T) (*Schema, []types.Datum) {
	def := TableDef{ID: 300, Name: "golden", Version: 7}
	var row []types.Datum
	for i, typ := range keyTypes {
		d, err := types.Parse(goldenValues[typ.Kind], typ, nil)
		if err != nil {
			t.Fatal(err)
		}
		def.Columns = append(def.Columns, Column{ID: uint32(i + 1), Name: fmt.Sprint("c", i), Type: typ})
		def.Primary = append(def.Primary, i)
		row = append(row, d)
	}
	def.Columns = append(def.Columns, Column{ID: 99, Name: "n", Type: types.TText})
	return mustSchema(t, def), append(row, types.NullDatum)
}

func TestGoldenKeys(t *testing.T) {
	sch, row := goldenSchema(t)
	var lines []string
	for i, typ := range keyTypes {
		enc, err := appendKeyDatum(nil, typ, row[i])
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%-32s %-40q %x", typ, formatDatum(typ, row[i]), enc))
	}
	for _, v := range []uint32{0, 1, 0xF7, 0xF8, 0xFFFF, 0x10000, math.MaxUint32} {
		lines = append(lines, fmt.Sprintf("%-32s %-40d %x", "header number", v, appendOrderedUvarint(nil, v)))
	}
	key := append(slices.Clone(sch.primary), must(sch.PrimaryKey(row[:len(keyTypes)]...))[:3]...)
	lines = append(lines, fmt.Sprintf("%-32s %-40s %x", "engine key", "table 300, index 0, bytes 0-2, ts 1000", appendSuffix(key, 1000)))
	golden(t, "keys.txt", lines)
}

func TestGoldenRow(t *testing.T) {
	sch, row := goldenSchema(t)
	value := appendVersionHeader(nil, 0, 0x0102030405060708, 0x1112)
	value, flags, err := sch.appendRow(value, row)
	if err != nil {
		t.Fatal(err)
	}
	value[0] |= flags
	lines := []string{"# flags, rowID, predecessor, then the row: version, null bitmap, fixed part, ends, bytes"}
	for rest := hex.EncodeToString(value); rest != ""; {
		n := min(64, len(rest))
		lines, rest = append(lines, rest[:n]), rest[n:]
	}
	lines = append(lines, "# tombstone", hex.EncodeToString(appendVersionHeader(nil, flagTombstone, 0, 5)))
	lines = append(lines, "# index entries: with the key, with its offset, ended",
		hex.EncodeToString(appendEntry(nil, Key{1, 2}, 0)), hex.EncodeToString(appendEntry(nil, nil, 300)), hex.EncodeToString([]byte{entryTombstone}))
	golden(t, "row.txt", lines)
}
