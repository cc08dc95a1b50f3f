package rowstore

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"htapdb/sql/types"
)

// TestBlockEncodesRows: a load buffers the very entries that one row after the
// other is encoded to, in the primary index and in secondary ones, for random
// tables, NULLs, codes and lengths on both sides of the wide form.
func TestBlockEncodesRows(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		def := randomTable(rng)
		sch := mustSchema(t, def)
		rows := make([][]types.Datum, 1+rng.IntN(200))
		for i := range rows {
			for _, c := range sch.def.Columns {
				d := randomDatum(rng, c.Type)
				switch rng.IntN(30) {
				case 0, 1, 2, 3, 4:
					if !c.NotNull {
						d = types.NullDatum
					}
				case 5:
					if c.Type.Kind == types.Bytea {
						d = types.NewString(strings.Repeat("x", 65_530+rng.IntN(10)))
					}
				}
				rows[i] = append(rows[i], d)
			}
		}
		b := blockOf(sch, rows)
		for i := range b.Columns {
			if rng.IntN(2) == 0 {
				encodeColumn(rng, sch.def.Columns[i].Type.Physical(), &b.Columns[i], len(rows))
			}
		}
		compareEntries(t, sch, rows, b)
	}
}

// randomTable returns a table with some columns dropped, reordered and indexed.
func randomTable(rng *rand.Rand) TableDef {
	def := TableDef{ID: 100, Name: "r", Version: uint16(3 + rng.IntN(300)), PrimaryName: "r_pkey"}
	ids := rng.Perm(20)
	for i := range 1 + rng.IntN(12) {
		typ := keyTypes[rng.IntN(len(keyTypes))]
		c := Column{ID: uint32(ids[i]), Name: "c", Type: typ}
		if rng.IntN(5) == 0 {
			c.Until = 2
			def.Dropped = append(def.Dropped, c)
			continue
		}
		def.Columns = append(def.Columns, c)
	}
	for i, c := range def.Columns {
		// Values of a bytea may be too long for a key here.
		if c.Type.Kind != types.Bytea && rng.IntN(4) == 0 {
			def.Primary = append(def.Primary, i)
		}
		if c.Type.Kind != types.Bytea && rng.IntN(3) == 0 {
			def.Indexes = append(def.Indexes, Index{ID: uint32(i + 1), Name: "i", Columns: []int{i}, Unique: rng.IntN(2) == 0})
		}
	}
	return def
}

// encodeColumn replaces a column by codes into its elements in another order.
func encodeColumn(rng *rand.Rand, phys types.Physical, c *BlockColumn, n int) {
	out := BlockColumn{Valid: c.Valid, Codes: make([]uint32, n)}
	plain := *c
	plain.Valid = nil
	for at, i := range rng.Perm(n) {
		out.append(phys, plain.datum(phys, i))
		out.Codes[i] = uint32(at)
	}
	*c = out
}

func compareEntries(t *testing.T, sch *Schema, rows [][]types.Datum, b *Block) {
	s := openMem(t)
	tx := begin(t, s, TxnOptions{})
	defer tx.Rollback()
	l := must(tx.NewLoad(bg, sch))
	defer l.Abort()
	first := must(l.Add(bg, b))
	one := &Load{txn: tx, schema: sch}
	var want []*runWriter
	for _, r := range l.runs {
		want = append(want, s.newRunWriter(l.rec, sch, r.index, r.number))
	}
	for i, row := range rows {
		key := []byte(nil)
		if sch.hidden {
			key = appendHiddenKey(nil, uint64(l.HiddenKeys()[i]))
		} else {
			key = must(sch.appendPrimaryKey(nil, row))
		}
		value := appendVersionHeader(nil, 0, first+uint64(i), 0)
		value, flags, err := sch.appendRow(value, row)
		if err != nil {
			t.Fatal(err)
		}
		value[0] |= flags
		want[0].add(key, value)
		for _, r := range want[1:] {
			one.key = append(one.key[:0], key...)
			if err := one.addEntry(r, row, len(key)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for k, r := range l.runs {
		if len(r.entries) != len(want[k].entries) || r.ordered != want[k].ordered {
			t.Fatalf("index %d: %d entries, ordered %v; want %d, %v", k, len(r.entries), r.ordered, len(want[k].entries), want[k].ordered)
		}
		for i := range r.entries {
			got, exp := &r.entries[i], &want[k].entries[i]
			if got.prefix != exp.prefix || !bytes.Equal(r.body(got), want[k].body(exp)) || !bytes.Equal(r.valueOf(got), want[k].valueOf(exp)) {
				t.Fatalf("index %d, row %d of table %+v: entry %x → %x, want %x → %x", k, i, sch.def, r.body(got), r.valueOf(got), want[k].body(exp), want[k].valueOf(exp))
			}
		}
	}
}
