package tpch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// golden are the checksums (SHA-256) of dbgen's files, by scale factor and table.
var golden = map[float64]map[string]string{
	0.01: {
		"region":   "6022658d673924389b54dcb70fa8c3d6da1b0d7afa3c1c017bab62a019df404f",
		"nation":   "66f96949939fa8fdf1c4ffed1e5f6c2842fe11a14b51fdc6ed1e17460031e8c5",
		"supplier": "9dc1002ee774699a092ed83ba278caf466d62a15d7e35bb6ed9293475528734b",
		"customer": "6b690cce995cb715861ebf2c77aa02c61406e3a0ddcd3326d1ecfa969b9163f8",
		"part":     "896e14465325110dd9cf05a16972028a58be0010959262176ecd97f4db1702f8",
		"partsupp": "5947b5ebab042b49148f82c1324ad122f7e0d98cfadcbef12da0a5e239e09e79",
		"orders":   "07cc8b362fda6d0b503c4d6c5d228817548e0688a3b21b590c52bb47b7b79c0f",
		"lineitem": "ee411d23efcd2943ef70489799e37dfc24543dbd03b461a88e16fd82a95765e4",
	},
	1: {
		"region":   "6022658d673924389b54dcb70fa8c3d6da1b0d7afa3c1c017bab62a019df404f",
		"nation":   "66f96949939fa8fdf1c4ffed1e5f6c2842fe11a14b51fdc6ed1e17460031e8c5",
		"supplier": "9b99cf155974e6db8773970b40746bfccfa64fa078169574165f3e19e2158391",
		"customer": "4483680548a965833877c911ed43e795f4d3543c7a3f7d1dba9ccb24ea5989d6",
		"part":     "f0e4ccdfb5f6d19428ce54f9c84b17037d20f00ac8d2b2272c8d43b18a0b4880",
		"partsupp": "43c37f99918f06d4de6b99b05c0a28d5c46f71d66424cffcc595cb059a499254",
		"orders":   "8709061d7bbc81932356fdfc664f8d582252747c2d7e204ae6d3cde624586357",
		"lineitem": "96d555e07a1ae8cf5196387d9edd9427f9af70c56fa5f4b18affee5555ddb184",
	},
}

// TestGolden compares every table with dbgen's file: at scale factor 0.01, and with HTAPDB_LONG at 1 too.
func TestGolden(t *testing.T) {
	scales := []float64{0.01}
	if os.Getenv("HTAPDB_LONG") != "" {
		scales = append(scales, 1)
	}
	for _, sf := range scales {
		for _, table := range Tables() {
			hash := sha256.New()
			if err := WriteTbl(hash, table.Name, sf); err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(hash.Sum(nil)); got != golden[sf][table.Name] {
				t.Errorf("scale factor %v: the checksum of %s is %s", sf, table.Name, got)
			}
		}
	}
}

// TestParts checks that the parts of a table one after the other are the table.
func TestParts(t *testing.T) {
	for _, table := range Tables() {
		var whole bytes.Buffer
		if err := WriteTbl(&whole, table.Name, 0.01); err != nil {
			t.Fatal(err)
		}
		for _, parts := range []int{2, 7, 333} {
			var joined bytes.Buffer
			for part := 1; part <= parts; part++ {
				if err := WriteTblPart(&joined, table.Name, 0.01, part, parts); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(whole.Bytes(), joined.Bytes()) {
				t.Errorf("%s in %d parts differs from the whole", table.Name, parts)
			}
		}
	}
}

// TestBatches checks the shape of batches, the order and uniqueness of keys, the declared lengths of
// texts, and the row counts.
func TestBatches(t *testing.T) {
	for _, table := range Tables() {
		rows := int64(0)
		seen := map[[2]int64]bool{}
		err := Generate(table.Name, 0.01, 1, 1, func(b Batch) error {
			if b.Table != table || b.Rows < 1 || b.Rows > BatchRows || len(b.Columns) != len(table.Columns) {
				t.Fatalf("%s: a batch of %d rows and %d columns", table.Name, b.Rows, len(b.Columns))
			}
			checkColumns(t, b)
			for row := range b.Rows {
				var key [2]int64
				for i, name := range table.PrimaryKey {
					at := slices.IndexFunc(table.Columns, func(c Column) bool { return c.Name == name })
					key[i] = b.Columns[at].Ints[row]
				}
				if seen[key] {
					t.Fatalf("%s: key %v is there twice", table.Name, key)
				}
				seen[key] = true
			}
			rows += int64(b.Rows)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if want, err := RowCount(table.Name, 0.01); err != nil || rows != want {
			t.Errorf("%s: %d rows, RowCount says %d, %v", table.Name, rows, want, err)
		}
	}
}

// checkColumns checks that each column has its kind's slice and only that, and that texts fit.
func checkColumns(t *testing.T, b Batch) {
	t.Helper()
	for i, c := range b.Table.Columns {
		v := b.Columns[i]
		lengths := [3]int{len(v.Ints), len(v.Dates), len(v.Strings)}
		var want [3]int
		want[c.Kind] = b.Rows
		if lengths != want {
			t.Fatalf("%s has %v values, want %v", c.Name, lengths, want)
		}
		if c.Kind != KindString {
			continue
		}
		var limit int
		for _, digit := range c.Type[len("varchar(") : len(c.Type)-1] {
			limit = limit*10 + int(digit-'0')
		}
		for _, s := range v.Strings {
			if len(s) > limit {
				t.Fatalf("%s is %s, a value has %d bytes", c.Name, c.Type, len(s))
			}
		}
	}
}

func TestRowCountsAtScale(t *testing.T) {
	for _, test := range []struct {
		table string
		sf    float64
		want  int64
	}{
		{"lineitem", 1, 6001215}, {"orders", 1, 1500000}, {"partsupp", 1, 800000},
		{"orders", 100, 150000000}, {"supplier", 0.001, 10}, {"nation", 50, 25},
	} {
		if got, err := RowCount(test.table, test.sf); err != nil || got != test.want {
			t.Errorf("%s at %v has %d rows, want %d (%v)", test.table, test.sf, got, test.want, err)
		}
	}
}

// TestLargeScale makes a part from the middle of a scale factor whose keys come from 64-bit streams, and
// compares it with dbgen's. Parts cost nothing for the rows before them.
func TestLargeScale(t *testing.T) {
	const part, parts = 7_777_777, 10_000_000
	for table, want := range map[string]string{
		"customer": "6c63d7827c269607f57219bc057a94843f5197aa8744c8f00367d7aea6a2376a",
		"partsupp": "9d625e67eff5f810edf471fdb3d1e3e7e8d4b4aaa4896104530d5a897414d2f8",
		"orders":   "15a22b10fb905aca371d4f400d1f61e32a3d75f493004f34354775c572358c95",
		"lineitem": "13c365dc773095f802b7aa3226c22073cbff6e1ef2dba1d4a02d0e3a84b538ff",
	} {
		hash := sha256.New()
		if err := WriteTblPart(hash, table, 30000, part, parts); err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(hash.Sum(nil)); got != want {
			t.Errorf("the checksum of %s is %s", table, got)
		}
	}
}

func TestGenerateErrors(t *testing.T) {
	none := func(Batch) error { return nil }
	for name, err := range map[string]error{
		`no table "orderz"`:           Generate("orderz", 1, 1, 1, none),
		"scale factor 0 is not":       Generate("orders", 0, 1, 1, none),
		"scale factor NaN is not":     Generate("orders", nan(), 1, 1, none),
		"scale factor 200000 is not":  Generate("orders", 200000, 1, 1, none),
		"scale factor 1e-05 is not":   Generate("orders", 0.00001, 1, 1, none),
		"part 3 of 2 does not exist":  Generate("orders", 1, 3, 2, none),
		"part 0 of 2 does not exist":  Generate("orders", 1, 0, 2, none),
		"part 1 of -1 does not exist": Generate("orders", 1, 1, -1, none),
	} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want %q", err, name)
		}
	}
	stop, calls := errors.New("stop"), 0
	err := Generate("lineitem", 1, 1, 1, func(Batch) error { calls++; return stop })
	if err != stop || calls != 1 {
		t.Errorf("after %d calls: %v", calls, err)
	}
}

func nan() float64 { zero := 0.0; return zero / zero }

func TestWriteCSV(t *testing.T) {
	var got bytes.Buffer
	if err := WriteCSV(&got, "lineitem", 0.001); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitN(got.String(), "\n", 3)
	want := "l_orderkey,l_partkey,l_suppkey,l_linenumber,l_quantity,l_extendedprice,l_discount,l_tax," +
		"l_returnflag,l_linestatus,l_shipdate,l_commitdate,l_receiptdate,l_shipinstruct,l_shipmode,l_comment"
	if lines[0] != want {
		t.Errorf("header %s", lines[0])
	}
	if want := "1,156,4,1,17.00,17954.55,0.04,0.02,N,O,1996-03-13,1996-02-12,1996-03-22," +
		"DELIVER IN PERSON,TRUCK,egular courts above the"; lines[1] != want {
		t.Errorf("first row %s", lines[1])
	}
}

// BenchmarkGenerate makes each table, all of it in memory, on one core.
func BenchmarkGenerate(b *testing.B) {
	if err := WriteTbl(io.Discard, "lineitem", 0.01); err != nil { // makes the text
		b.Fatal(err)
	}
	for _, table := range Tables()[2:] {
		b.Run(table.Name, func(b *testing.B) {
			rows := 0
			for b.Loop() {
				err := Generate(table.Name, 0.1, 1, 1, func(batch Batch) error {
					rows += batch.Rows
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkWriteTbl writes lineitem in dbgen's format.
func BenchmarkWriteTbl(b *testing.B) {
	rows, err := RowCount("lineitem", 0.1)
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		if err := WriteTbl(io.Discard, "lineitem", 0.1); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(rows)*float64(n)/b.Elapsed().Seconds(), "rows/s")
}
