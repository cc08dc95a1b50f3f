package files

import (
	"bytes"
	"os"
	"testing"

	"htapdb/internal/testutil"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// readAll collects a file's rows as datums.
func readAll(r Reader) ([][]types.Datum, error) {
	defer r.Close()
	var rows [][]types.Datum
	for {
		b, err := r.Next()
		if err != nil || b == nil {
			return rows, err
		}
		for i := range b.Rows() {
			var row []types.Datum
			for _, c := range b.Cols {
				row = append(row, c.Datum(b.Row(i)))
			}
			rows = append(rows, row)
		}
	}
}

// The flights file reads as 3 million rows with the known totals.
func TestFlights(t *testing.T) {
	path := testutil.Shared(t, "data", "flights-3m.parquet")
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	p, err := OpenParquet(f, info.Size(), path)
	if err != nil {
		t.Fatal(err)
	}
	if p.Rows() != 3_000_000 {
		t.Fatalf("%d rows", p.Rows())
	}
	want := []Column{{"date", types.TTimestamp}, {"delay", types.TInt8}, {"distance", types.TInt8}, {"origin", types.TText}, {"destination", types.TText}}
	for i, c := range p.Columns() {
		if c != want[i] {
			t.Errorf("column %d is %v, want %v", i, c, want[i])
		}
	}
	r := p.Read([]int{2, 3}, 0, p.RowGroups())
	defer r.Close()
	rows, distance, origins := 0, int64(0), map[string]int{}
	for {
		b, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			break
		}
		rows += b.Rows()
		for i := range b.Len {
			distance += b.Cols[0].I64[i]
			origins[b.Cols[1].Datum(i).Str()]++
		}
	}
	t.Logf("rows %d, distance %d, origins %d", rows, distance, len(origins))
	if rows != 3_000_000 || len(origins) == 0 || origins["ORD"] == 0 {
		t.Errorf("rows %d, origins %d, ORD %d", rows, len(origins), origins["ORD"])
	}
}

// sample draws a batch with every type, nulls included.
func sample(t *testing.T, n int) ([]Column, *vector.Batch) {
	rng := testutil.Rand(t)
	ts := []types.Type{types.TBool, types.TInt2, types.TInt4, types.TInt8, types.TFloat4, types.TFloat8, types.TNumeric(9, 2),
		types.TNumeric(18, 4), types.TNumeric(38, 10), types.TText, types.TBytea, types.TDate, types.TTime, types.TTimestamp, types.TTimestampTZ}
	var cols []Column
	b := vector.NewBatch(ts, n)
	for i, ty := range ts {
		cols = append(cols, Column{Name: "c" + ty.String(), Type: ty})
		for r := range n {
			x := int64(rng.Uint64()>>40) - 1<<23
			switch {
			case rng.IntN(5) == 0:
				b.Cols[i].SetNull(r)
			case ty.Physical() == types.PhysBool:
				b.Cols[i].Set(r, types.NewBool(x&1 == 0))
			case ty.Physical() == types.PhysInt16:
				b.Cols[i].Set(r, types.NewInt16(int16(x)))
			case ty.Physical() == types.PhysInt32:
				b.Cols[i].Set(r, types.NewInt32(int32(x%40_000)))
			case ty.Physical() == types.PhysInt128:
				b.Cols[i].Set(r, types.NewInt128(types.Mul64(x, 1<<40)))
			case ty.Physical() == types.PhysFloat32:
				b.Cols[i].Set(r, types.NewFloat32(float32(x)))
			case ty.Physical() == types.PhysFloat64:
				b.Cols[i].Set(r, types.NewFloat64(float64(x)/7))
			case ty.Physical() == types.PhysString:
				b.Cols[i].Set(r, types.NewString([]string{"", "a", "ärger", "lange Zeichenkette mit mehr als zwölf"}[rng.IntN(4)]))
			default:
				b.Cols[i].Set(r, types.NewInt64(x&0xffffff))
			}
		}
	}
	return cols, b
}

// What is written is read back, over several row groups and codecs.
func TestParquetRoundTrip(t *testing.T) {
	cols, b := sample(t, 2000)
	for codec := range codecs {
		var buf bytes.Buffer
		w, err := NewParquetWriter(&buf, cols, ParquetOptions{Compression: codec, RowGroupSize: 777})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		p, err := OpenParquet(bytes.NewReader(buf.Bytes()), int64(buf.Len()), "test.parquet")
		if err != nil {
			t.Fatal(codec, err)
		}
		for i, c := range p.Columns() {
			if c != cols[i] {
				t.Errorf("%s: column %v, want %v", codec, c, cols[i])
			}
		}
		rows, err := readAll(p.Read(nil, 0, p.RowGroups()))
		if err != nil {
			t.Fatal(codec, err)
		}
		if len(rows) != b.Len {
			t.Fatalf("%s: %d rows, want %d", codec, len(rows), b.Len)
		}
		for r := range rows {
			for c := range rows[r] {
				if rows[r][c] != b.Cols[c].Datum(r) {
					t.Fatalf("%s: row %d column %s: %v, want %v", codec, r, cols[c].Name, rows[r][c], b.Cols[c].Datum(r))
				}
			}
		}
	}
}

// A broken file gives an error with a code, never a panic, and most flips are
// found; a flip inside compressed data without a checksum may go unnoticed, but
// never changes the number of rows.
func TestParquetBroken(t *testing.T) {
	rng := testutil.Rand(t)
	cols, b := sample(t, 500)
	var buf bytes.Buffer
	w, err := NewParquetWriter(&buf, cols, ParquetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	good := buf.Bytes()
	try := func(data []byte) error {
		p, err := OpenParquet(bytes.NewReader(data), int64(len(data)), "test.parquet")
		if err != nil {
			return err
		}
		rows, err := readAll(p.Read(nil, 0, p.RowGroups()))
		if err == nil && len(rows) != b.Len {
			t.Errorf("%d rows without an error, want %d", len(rows), b.Len)
		}
		return err
	}
	for range 200 {
		if err := try(good[:rng.IntN(len(good))]); !sqlstate.Is(err, sqlstate.BadCopyFileFormat) {
			t.Errorf("truncated: %v", err)
		}
	}
	found := 0
	for range 1000 {
		bad := bytes.Clone(good)
		bad[rng.IntN(len(bad))] ^= 1 << rng.IntN(8)
		if err := try(bad); err != nil {
			found++
			if c := sqlstate.CodeOf(err); c == sqlstate.InternalError {
				t.Errorf("flipped: %v", err)
			}
		}
	}
	if found < 300 {
		t.Errorf("only %d of 1000 flips were found", found)
	}
	for name, data := range map[string][]byte{"empty": {}, "text": []byte("id,name\n1,a\n"), "magic": []byte("PAR1PAR1")} {
		if err := try(data); !sqlstate.Is(err, sqlstate.BadCopyFileFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkReadFlights(b *testing.B) {
	data, err := os.ReadFile(testutil.Shared(b, "data", "flights-3m.parquet"))
	if err != nil {
		b.Fatal(err)
	}
	rows := 0
	for b.Loop() {
		p, err := OpenParquet(bytes.NewReader(data), int64(len(data)), "flights")
		if err != nil {
			b.Fatal(err)
		}
		r := p.Read(nil, 0, p.RowGroups())
		rows = 0
		for {
			batch, err := r.Next()
			if err != nil {
				b.Fatal(err)
			}
			if batch == nil {
				break
			}
			rows += batch.Len
		}
	}
	if rows != 3_000_000 {
		b.Fatal(rows)
	}
	b.ReportMetric(float64(b.N)*float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
