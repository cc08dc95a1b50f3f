package pg

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"htapdb/internal/testutil"
	"htapdb/sql/types"
	"htapdb/vector"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"
)

// encodeAll returns the DataRow messages of a batch in one format.
func encodeAll(t testing.TB, b *vector.Batch, format int16) []pgproto3.DataRow {
	t.Helper()
	var e rowEncoder
	formats := make([]int16, len(b.Cols))
	for i := range formats {
		formats[i] = format
	}
	e.begin(formats, &types.TextStyle{Zone: time.UTC})
	e.batch(b)
	out, next, err := e.rows(nil, b, 0, b.Rows(), math.MaxInt)
	if err != nil || next != b.Rows() {
		t.Fatal(next, err)
	}
	var rows []pgproto3.DataRow
	for len(out) > 0 {
		size := int(out[1])<<24 | int(out[2])<<16 | int(out[3])<<8 | int(out[4])
		var m pgproto3.DataRow
		if err := m.Decode(bytes.Clone(out[5 : 1+size])); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, m)
		out = out[1+size:]
	}
	return rows
}

// TestRoundTrip: both forms of each type are read back as the value, and pgx's
// decoders, an independent reading of PostgreSQL's formats, see the same text.
func TestRoundTrip(t *testing.T) {
	b := typesBatch()
	m := pgtype.NewMap()
	for _, format := range []int16{formatText, formatBinary} {
		rows := encodeAll(t, b, format)
		for i, typ := range allTypes {
			name := fmt.Sprintf("%s format %d", typ, format)
			if rows[1].Values[i] != nil {
				t.Errorf("%s: NULL came as %q", name, rows[1].Values[i])
			}
			d, err := decodeParam(rows[0].Values[i], typ, format, 1, &types.TextStyle{Zone: time.UTC})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if got := types.Format(d, typ, time.UTC); got != allTexts[i] {
				t.Errorf("%s: %q came back as %q", name, allTexts[i], got)
			}
			checkPgx(t, m, name, typ, format, rows[0].Values[i], allTexts[i])
		}
	}
}

// checkPgx decodes wire bytes with pgx and compares with what it reads in the text.
func checkPgx(t *testing.T, m *pgtype.Map, name string, typ types.Type, format int16, wire []byte, text string) {
	t.Helper()
	pt, ok := m.TypeForOID(typ.OID())
	if !ok {
		t.Errorf("%s: pgx does not know OID %d", name, typ.OID())
		return
	}
	got, err := pt.Codec.DecodeValue(m, typ.OID(), format, wire)
	if err != nil {
		t.Errorf("%s: pgx: %v", name, err)
		return
	}
	want, err := pt.Codec.DecodeValue(m, typ.OID(), formatText, []byte(text))
	if err != nil {
		t.Errorf("%s: pgx's reading of %q: %v", name, text, err)
		return
	}
	norm := func(v any) string {
		if n, ok := v.(pgtype.Numeric); ok {
			f, _ := n.Value()
			return fmt.Sprint(f)
		}
		if tm, ok := v.(time.Time); ok {
			return tm.UTC().String()
		}
		return fmt.Sprint(v)
	}
	if norm(got) != norm(want) {
		t.Errorf("%s: pgx reads %v, in the text %v", name, norm(got), norm(want))
	}
}

// TestNumericBinary: random numerics of random types survive the binary form,
// and pgx reads the same number in it.
func TestNumericBinary(t *testing.T) {
	rnd := testutil.Rand(t)
	m := pgtype.NewMap()
	for range 20000 {
		p := 1 + rnd.IntN(38)
		typ := types.TNumeric(p, rnd.IntN(p+1))
		v := randomInt128(rnd, 1+rnd.IntN(p))
		wire := appendNumericBinary(nil, v, int(typ.Scale))
		d, err := parseNumericBinary(wire, typ)
		if err != nil || d.Int128() != v {
			t.Fatalf("%s: %v came back as %v, %v (%x)", typ, v, d.Int128(), err, wire)
		}
		if v.Sign() == 0 {
			continue // pgx forgets the scale of a zero
		}
		text := string(types.AppendNumeric(nil, v, int(typ.Scale)))
		checkPgx(t, m, text, typ, formatBinary, wire, text)
		if t.Failed() {
			t.FailNow()
		}
	}
}

// randomInt128 has up to n digits, often with zeros at its ends.
func randomInt128(rnd *rand.Rand, n int) types.Int128 {
	var text []byte
	for range n {
		text = append(text, byte('0'+rnd.IntN(10)))
	}
	for i := range rnd.IntN(n) {
		text[len(text)-1-i] = '0'
	}
	d, _, ok := types.ParseDecimal(string(text))
	if !ok {
		panic(string(text))
	}
	if rnd.IntN(2) == 0 {
		return d.Value.Neg()
	}
	return d.Value
}

// TestNumericBinaryRounds: digits beyond the scale round half away from zero.
func TestNumericBinaryRounds(t *testing.T) {
	m := pgtype.NewMap()
	for _, tc := range []struct {
		in    string
		typ   types.Type
		want  string
		fails bool
	}{
		{"0.12345678912345", types.TNumeric(10, 3), "0.123", false},
		{"0.0005", types.TNumeric(10, 3), "0.001", false},
		{"-0.00050000000000000000001", types.TNumeric(10, 3), "-0.001", false},
		{"0.00049999999999999999999999999999999999", types.TNumeric(10, 3), "0.000", false},
		{"0.000000000000000000000000000000000000000000000000000000000000000000000001", types.TNumeric(10, 3), "0.000", false},
		{"10000000000000000000000000000000000000000", types.TNumeric(38, 0), "", true},
		{"12345", types.TNumeric(4, 0), "", true},
		{"NaN", types.TNumeric(4, 0), "", true},
	} {
		n := pgtype.Numeric{}
		if err := n.Scan(tc.in); err != nil {
			t.Fatal(err)
		}
		wire, err := m.Encode(pgtype.NumericOID, formatBinary, n, nil)
		if err != nil {
			t.Fatal(err)
		}
		d, err := parseNumericBinary(wire, tc.typ)
		if (err != nil) != tc.fails {
			t.Errorf("%s: %v", tc.in, err)
		} else if err == nil && types.Format(d, tc.typ, nil) != tc.want {
			t.Errorf("%s as %s: %s", tc.in, tc.typ, types.Format(d, tc.typ, nil))
		}
	}
}

// TestEncodings: constant, dictionary and selected rows look as flat ones.
func TestEncodings(t *testing.T) {
	flat := vector.NewBatch([]types.Type{types.TText, types.TInt8}, 4)
	for i, s := range []string{"b", "a", "b", ""} {
		flat.Cols[0].Set(i, types.NewString(s))
		flat.Cols[1].Set(i, types.NewInt64(7))
	}
	flat.Cols[0].SetNull(3)
	dict := vector.New(types.TText, 2)
	dict.Set(0, types.NewString("a"))
	dict.Set(1, types.NewString("b"))
	coded := &vector.Batch{Len: 4, Cols: []*vector.Vector{
		vector.NewDict(dict, 0, []uint32{1, 0, 1, 0}, []uint8{1, 1, 1, 0}),
		vector.NewConst(types.TInt8, types.NewInt64(7), 4),
	}}
	for _, sel := range [][]int32{nil, {1, 3}, {}} {
		flat.Sel, coded.Sel = sel, sel
		for _, format := range []int16{formatText, formatBinary} {
			want, got := encodeAll(t, flat, format), encodeAll(t, coded, format)
			if fmt.Sprint(want) != fmt.Sprint(got) {
				t.Errorf("sel %v: %v, flat %v", sel, got, want)
			}
		}
	}
}

// TestBinaryErrors: wrong lengths, versions, ranges and encodings have their codes.
func TestBinaryErrors(t *testing.T) {
	for _, tc := range []struct {
		typ  types.Type
		in   []byte
		code string
	}{
		{types.TInt4, []byte{1}, "08P01"},
		{types.TInt4, make([]byte, 5), "22P03"},
		{types.TUUID, make([]byte, 15), "08P01"},
		{types.TJSONB, []byte("2{}"), "22P03"},
		{types.TJSONB, []byte("\x01{"), "22P02"},
		{types.TText, []byte{0xff}, "22021"},
		{types.TText, []byte("a\x00b"), "22021"},
		{types.TTime, bytes.Repeat([]byte{0xff}, 8), "22008"},
		{types.TDate, []byte{0x7f, 0xff, 0xff, 0xff}, "0A000"},
		{types.TDate, []byte{0x7f, 0xff, 0xff, 0xfe}, "22008"},
		{types.TTimestamp, []byte{0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe}, "22008"},
		{types.TNumeric(10, 2), []byte{0, 1, 0, 0, 0, 0, 0, 0}, "22P03"},
		{types.TNumeric(10, 2), []byte{0, 1, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, "22P03"},
		{types.Type{Kind: types.Varchar, Length: 2}, []byte("abc"), "22001"},
	} {
		_, err := decodeParam(tc.in, tc.typ, formatBinary, 1, nil)
		if err == nil || asError(context.Background(), err).SQLState() != tc.code {
			t.Errorf("%s %x: %v, want %s", tc.typ, tc.in, err, tc.code)
		}
	}
}

// FuzzDecodeParam: any bytes give a value or an error.
func FuzzDecodeParam(f *testing.F) {
	for i, row := range encodeAll(f, typesBatch(), formatBinary)[0].Values {
		f.Add(row, byte(i), true)
		f.Add([]byte(allTexts[i]), byte(i), false)
	}
	f.Fuzz(func(t *testing.T, in []byte, kind byte, binary bool) {
		typ := allTypes[int(kind)%len(allTypes)]
		format := formatText
		if binary {
			format = formatBinary
		}
		d, err := decodeParam(in, typ, format, 1, &types.TextStyle{Zone: time.UTC})
		if err != nil {
			return
		}
		// What was accepted is written in both forms and read back as itself.
		b := vector.NewBatch([]types.Type{typ}, 1)
		b.Cols[0].Set(0, d)
		for _, f := range []int16{formatText, formatBinary} {
			if h := d.Interval().Micros / (60 * types.MicrosPerMinute); f == formatText && typ == types.TInterval && (h > 99_999_999 || h < -99_999_999) {
				continue // the text form has at most nine digits in a field
			}
			wire := encodeAll(t, b, f)[0].Values[0]
			back, err := decodeParam(wire, typ, f, 1, &types.TextStyle{Zone: time.UTC})
			if err != nil || types.Format(back, typ, nil) != types.Format(d, typ, nil) {
				t.Fatalf("%s %x: %q came back as %q, %v", typ, in, types.Format(d, typ, nil), types.Format(back, typ, nil), err)
			}
		}
	})
}

// BenchmarkRows measures the encoding of a batch of 2,048 rows of 4 columns.
func BenchmarkRows(b *testing.B) {
	batch := vector.NewBatch([]types.Type{types.TInt8, types.TText, types.TNumeric(12, 2), types.TTimestamp}, vector.MaxBatch)
	for i := range vector.MaxBatch {
		batch.Cols[0].Set(i, types.NewInt64(int64(i)*1_000_003))
		batch.Cols[1].Set(i, types.NewString("some text"))
		batch.Cols[2].Set(i, types.NewInt64(int64(i)*77))
		batch.Cols[3].Set(i, types.NewInt64(int64(i)*1e12))
	}
	for _, format := range []int16{formatText, formatBinary} {
		b.Run(fmt.Sprintf("format=%d", format), func(b *testing.B) {
			var e rowEncoder
			out := make([]byte, 0, 1<<20)
			b.ReportAllocs()
			for b.Loop() {
				e.begin([]int16{format, format, format, format}, &types.TextStyle{Zone: time.UTC})
				e.batch(batch)
				out, _, _ = e.rows(out[:0], batch, 0, vector.MaxBatch, math.MaxInt)
			}
			b.SetBytes(int64(len(out)))
			b.ReportMetric(float64(b.N)*vector.MaxBatch/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
