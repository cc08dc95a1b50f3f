package rowstore

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// sameDatum reports equality of representation: NaN equals NaN, −0 is not 0.
func sameDatum(a, b types.Datum) bool {
	if a.Physical() == types.PhysFloat32 && b.Physical() == types.PhysFloat32 && math.IsNaN(a.Float()) {
		return math.IsNaN(b.Float()) // a REAL's NaN may lose its payload
	}
	return a == b
}

// TestRowRoundTrip: every accessor gives back what was encoded, for random
// columns, NULLs and lengths on both sides of the wide form.
func TestRowRoundTrip(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 5000 {
		def := TableDef{ID: 1, Name: "r", Version: uint16(rng.IntN(300))}
		var row []types.Datum
		ids := rng.Perm(20)
		for i := range rng.IntN(12) {
			typ := keyTypes[rng.IntN(len(keyTypes))]
			def.Columns = append(def.Columns, Column{ID: uint32(ids[i]), Name: "c", Type: typ})
			d := randomDatum(rng, typ)
			switch rng.IntN(30) {
			case 0, 1, 2, 3, 4:
				d = types.NullDatum
			case 5:
				if typ.Kind == types.Text {
					d = types.NewString(strings.Repeat("x", 65_530+rng.IntN(10)))
				}
			}
			row = append(row, d)
		}
		sch := mustSchema(t, def)
		enc, flags, err := sch.appendRow([]byte("before"), row)
		if err != nil {
			t.Fatal(err)
		}
		r, err := sch.decodeRow(enc[len("before"):], flags)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range row {
			if got := r.Datum(i); !sameDatum(got, want) || r.IsNull(i) != want.IsNull() {
				t.Fatalf("column %d of type %s: %v, want %v", i, def.Columns[i].Type, got, want)
			}
		}
	}
}

// TestSchemaVersions: rows of older versions are read through later ones, with
// columns added, dropped and reordered.
func TestSchemaVersions(t *testing.T) {
	v0 := TableDef{ID: 100, Name: "v", Version: 0, Primary: []int{0}, Columns: []Column{
		{ID: 1, Name: "a", Type: types.TInt8}, {ID: 2, Name: "b", Type: types.TText}, {ID: 3, Name: "c", Type: types.TInt4}}}
	v1 := v0
	v1.Version = 1
	v1.Columns = append(slices.Clone(v0.Columns), Column{ID: 4, Name: "d", Type: types.TText, Since: 1, Missing: types.NewString("new")})
	v3 := v1
	v3.Version = 3
	v3.Columns = []Column{v1.Columns[0], v1.Columns[3], v1.Columns[2], {ID: 5, Name: "e", Type: types.TInt8, Since: 3}}
	b := v1.Columns[1]
	b.Until = 2
	v3.Dropped = []Column{b}

	s := openMem(t)
	s0, s1, s3 := mustSchema(t, v0), mustSchema(t, v1), mustSchema(t, v3)
	n := types.NewInt64
	write(t, s, func(tx *Txn) {
		must(tx.Insert(bg, s0, []types.Datum{n(1), types.NewString("gone"), types.NewInt32(11)}))
	})
	write(t, s, func(tx *Txn) {
		must(tx.Insert(bg, s1, []types.Datum{n(2), types.NewString("gone"), types.NewInt32(12), types.NewString("set")}))
		must(tx.Insert(bg, s1, []types.Datum{n(3), types.NullDatum, types.NewInt32(13), types.NullDatum}))
	})
	write(t, s, func(tx *Txn) {
		must(tx.Insert(bg, s3, []types.Datum{n(4), types.NewString("last"), types.NewInt32(14), n(44)}))
	})
	sn := s.Snapshot()
	defer sn.Close()
	want := []string{"(1, new, 11, null)", "(2, set, 12, null)", "(3, null, 13, null)", "(4, last, 14, 44)"}
	if got := dump(t, sn.Scan(s3, Span{}, ScanOptions{})); !slices.Equal(got, want) {
		t.Error(got)
	}
	// A reader with the old definition sees the old rows and refuses the new one.
	if row, _, err := sn.Get(s1, must(s1.PrimaryKey(n(1)))); err != nil || row.Str(3) != "new" || row.Str(1) != "gone" {
		t.Error(row, err)
	}
	if _, _, err := sn.Get(s1, must(s1.PrimaryKey(n(4)))); !sqlstate.Is(err, sqlstate.SerializationFailure) {
		t.Error(err)
	}
	// An update of an old row writes the new form.
	write(t, s, func(tx *Txn) {
		l := must(tx.Lock(bg, s3, must(s3.PrimaryKey(n(1))), LockNoKeyUpdate, Wait))
		must(tx.Update(bg, s3, must(s3.PrimaryKey(n(1))), l.Row.Datums()))
	})
	after := s.Snapshot()
	defer after.Close()
	if got := dump(t, after.Scan(s3, Span{}, ScanOptions{})); !slices.Equal(got, want) {
		t.Error(got)
	}
}

func TestSchemaErrors(t *testing.T) {
	col := Column{ID: 1, Name: "a", Type: types.TInt8}
	for name, def := range map[string]TableDef{
		"table 0":       {Columns: []Column{col}},
		"column twice":  {ID: 1, Columns: []Column{col, col}},
		"no type":       {ID: 1, Columns: []Column{{ID: 1}}},
		"primary":       {ID: 1, Columns: []Column{col}, Primary: []int{1}},
		"index 0":       {ID: 1, Columns: []Column{col}, Indexes: []Index{{Columns: []int{0}}}},
		"index columns": {ID: 1, Columns: []Column{col}, Indexes: []Index{{ID: 1, Columns: []int{-1}}}},
		"columns":       {ID: 1, Columns: make([]Column, 1700)},
	} {
		if _, err := NewSchema(def); err == nil {
			t.Error(name, "accepted")
		}
	}
	s := openMem(t)
	sch := mustSchema(t, TableDef{ID: 100, Name: "nn", Primary: []int{0}, Columns: []Column{col, {ID: 2, Name: "b", Type: types.TText, NotNull: true}}})
	tx := begin(t, s, TxnOptions{})
	defer tx.Rollback()
	_, err := tx.Insert(bg, sch, []types.Datum{types.NewInt64(1), types.NullDatum})
	if !sqlstate.Is(err, sqlstate.NotNullViolation) || err.(*sqlstate.Error).Detail != "Failing row contains (1, null)." {
		t.Error(err)
	}
	long := types.NewString(strings.Repeat("k", 40_000))
	keyed := mustSchema(t, TableDef{ID: 101, Name: "long", Primary: []int{0}, Columns: []Column{{ID: 1, Name: "a", Type: types.TText}}})
	if _, err := tx.Insert(bg, keyed, []types.Datum{long}); !sqlstate.Is(err, sqlstate.ProgramLimitExceeded) {
		t.Error(err)
	}
}

// FuzzDecodeRow: no bytes make an accessor leave the row.
func FuzzDecodeRow(f *testing.F) {
	def := TableDef{ID: 1, Name: "f", Version: 2}
	for i, typ := range keyTypes {
		def.Columns = append(def.Columns, Column{ID: uint32(i), Name: "c", Type: typ, Since: uint16(i % 3)})
	}
	sch := mustSchema(f, def)
	rng := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		var row []types.Datum
		for _, typ := range keyTypes {
			d := randomDatum(rng, typ)
			if rng.IntN(3) == 0 {
				d = types.NullDatum
			}
			row = append(row, d)
		}
		enc, flags, err := sch.appendRow(appendVersionHeader(nil, 0, 1, rng.Uint64N(2)), row)
		if err != nil {
			f.Fatal(err)
		}
		enc[0] |= flags
		f.Add(enc)
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		ver, ok := decodeVersion(value)
		if !ok {
			return
		}
		r, err := sch.decodeRow(ver.row, ver.flags)
		if err != nil {
			return
		}
		r.Datums()
		_ = formatRow(sch, r.Clone().Datums())
	})
}

// FuzzDecodeKey: no bytes break the decoders of keys and entries, and what
// decodes encodes again.
func FuzzDecodeKey(f *testing.F) {
	def := TableDef{ID: 1, Name: "f", Primary: []int{0, 1, 2}, Columns: []Column{
		{ID: 1, Name: "a", Type: types.TText}, {ID: 2, Name: "b", Type: types.TInt4}, {ID: 3, Name: "c", Type: types.TInterval}},
		Indexes: []Index{{ID: 1, Name: "i", Columns: []int{1, 0}}}}
	sch := mustSchema(f, def)
	for _, s := range edgeStrings {
		k, err := sch.PrimaryKey(types.NewString(s), types.NewInt32(5), types.NewInterval(types.IntervalValue{Months: -1, Micros: 3}))
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(k))
		f.Add(appendSuffix(append(appendHeader(nil, 300, 1), k...), 77))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if row, err := sch.DecodeKey(b); err == nil {
			if again, err := sch.PrimaryKey(row...); err != nil || string(again) != string(b) {
				t.Errorf("%x decodes to %s and encodes to %x: %v", b, formatRow(sch, row), []byte(again), err)
			}
		}
		entryKey(b, b)
		keyTimestamp(b)
		keyBody(b, 2)
		if v, _, ok := decodeOrderedUvarint(b); ok && string(appendOrderedUvarint(nil, v)) != string(b[:len(appendOrderedUvarint(nil, v))]) {
			t.Errorf("number %d in %x", v, b)
		}
	})
}
