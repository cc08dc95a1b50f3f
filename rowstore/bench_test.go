package rowstore

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"htapdb/internal/vfs"
	"htapdb/sql/types"
)

// orderSchema is a narrow table as TPC-C's or a booking's: key, two numbers, a
// price and a short text.
func orderSchema(t testing.TB, id uint32, indexes ...Index) *Schema {
	return mustSchema(t, TableDef{
		ID: id, Name: "orders", Version: 1, Primary: []int{0}, PrimaryName: "orders_pkey", Indexes: indexes,
		Columns: []Column{
			{ID: 1, Name: "id", Type: types.TInt8}, {ID: 2, Name: "customer", Type: types.TInt8},
			{ID: 3, Name: "quantity", Type: types.TInt4}, {ID: 4, Name: "price", Type: types.TNumeric(15, 2)},
			{ID: 5, Name: "status", Type: types.TText},
		},
	})
}

func orderRow(dst []types.Datum, id int64) []types.Datum {
	return append(dst[:0], types.NewInt64(id), types.NewInt64(id%1000), types.NewInt32(int32(id%50)), types.NewInt64(id*7), types.NewString("pending"))
}

func loadOrders(b testing.TB, s *Store, sch *Schema, n int, ids func(i int) int64) {
	b.Helper()
	tx := begin(b, s, TxnOptions{})
	l, err := tx.NewLoad(bg, sch)
	if err != nil {
		b.Fatal(err)
	}
	const chunk = 2048
	rows := make([][]types.Datum, chunk)
	for i := range rows {
		rows[i] = make([]types.Datum, 0, 5)
	}
	for at := 0; at < n; at += chunk {
		m := min(chunk, n-at)
		for i := range m {
			rows[i] = orderRow(rows[i], ids(at+i))
		}
		if _, err := l.Add(bg, blockOf(sch, rows[:m])); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Finish(bg, nil); err != nil {
		b.Fatal(err)
	}
	commit(b, tx)
}

const benchRows = 100_000

func benchStore(b *testing.B, dir string) (*Store, *Schema) {
	b.Helper()
	s := openTest(b, dir, Options{})
	b.Cleanup(func() { s.Close() })
	sch := orderSchema(b, 100)
	loadOrders(b, s, sch, benchRows, func(i int) int64 { return int64(i) })
	return s, sch
}

func BenchmarkPointGet(b *testing.B) {
	s, sch := benchStore(b, b.TempDir())
	rng := rand.New(rand.NewPCG(1, 1))
	sn := s.Snapshot()
	defer sn.Close()
	var sum int64
	b.Run("snapshot", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			key, _ := sch.PrimaryKey(types.NewInt64(rng.Int64N(benchRows)))
			row, found, err := sn.Get(sch, key)
			if err != nil || !found {
				b.Fatal(found, err)
			}
			sum += row.Int64(1)
		}
	})
	b.Run("transaction", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			key, _ := sch.PrimaryKey(types.NewInt64(rng.Int64N(benchRows)))
			tx, _ := s.Begin(TxnOptions{ReadOnly: true})
			if err := tx.StartStatement(bg); err != nil {
				b.Fatal(err)
			}
			row, found, err := tx.Get(sch, key)
			if err != nil || !found {
				b.Fatal(found, err)
			}
			sum += row.Int64(1)
			if _, err := tx.Commit(bg); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("absent", func(b *testing.B) {
		for b.Loop() {
			key, _ := sch.PrimaryKey(types.NewInt64(benchRows + rng.Int64N(benchRows)))
			if _, found, err := sn.Get(sch, key); err != nil || found {
				b.Fatal(found, err)
			}
		}
	})
}

func updateOne(tx *Txn, sch *Schema, id int64, row []types.Datum) error {
	if err := tx.StartStatement(bg); err != nil {
		return err
	}
	key, err := sch.PrimaryKey(types.NewInt64(id))
	if err != nil {
		return err
	}
	l, err := tx.Lock(bg, sch, key, LockNoKeyUpdate, Wait)
	if err != nil {
		return err
	}
	row = l.Row.AppendTo(row[:0])
	row[2] = types.NewInt32(int32(row[2].Int()+1) % 1000)
	if _, err := tx.Update(bg, sch, key, row); err != nil {
		return err
	}
	_, err = tx.Commit(bg)
	return err
}

func BenchmarkUpdateNoSync(b *testing.B) {
	s, sch := benchStore(b, b.TempDir())
	rng := rand.New(rand.NewPCG(1, 1))
	row := make([]types.Datum, 0, 5)
	b.ReportAllocs()
	for b.Loop() {
		tx, _ := s.Begin(TxnOptions{})
		if err := updateOne(tx, sch, rng.Int64N(benchRows), row); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInsertNoSync(b *testing.B) {
	s, sch := benchStore(b, b.TempDir())
	row := make([]types.Datum, 0, 5)
	b.ReportAllocs()
	for id := int64(benchRows); b.Loop(); id++ {
		tx, _ := s.Begin(TxnOptions{})
		if err := tx.StartStatement(bg); err != nil {
			b.Fatal(err)
		}
		row = orderRow(row, id)
		if _, err := tx.Insert(bg, sch, row); err != nil {
			b.Fatal(err)
		}
		commit(b, tx)
	}
}

// BenchmarkSyncCommit has the bare fsync of as many bytes beside it.
func BenchmarkSyncCommit(b *testing.B) {
	b.Run("bare fsync", func(b *testing.B) {
		f, err := os.Create(filepath.Join(b.TempDir(), "f"))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		buf := make([]byte, 200)
		for b.Loop() {
			if _, err := f.Write(buf); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, clients := range []int{1, 4, 16} {
		b.Run(fmt.Sprint("clients=", clients), func(b *testing.B) {
			s, sch := benchStore(b, b.TempDir())
			var seed atomic.Uint64
			b.SetParallelism(max(1, clients/2)) // times GOMAXPROCS, 2 here
			if clients == 1 {
				row := make([]types.Datum, 0, 5)
				for b.Loop() {
					tx, _ := s.Begin(TxnOptions{Sync: true})
					if err := updateOne(tx, sch, rand.Int64N(benchRows), row); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				rng := rand.New(rand.NewPCG(1, seed.Add(1)))
				row := make([]types.Datum, 0, 5)
				for pb.Next() {
					tx, _ := s.Begin(TxnOptions{Sync: true})
					if err := updateOne(tx, sch, rng.Int64N(benchRows), row); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func BenchmarkScan(b *testing.B) {
	s, sch := benchStore(b, b.TempDir())
	sn := s.Snapshot()
	defer sn.Close()
	for _, reverse := range []bool{false, true} {
		b.Run(fmt.Sprint("reverse=", reverse), func(b *testing.B) {
			var sum int64
			for b.Loop() {
				it := sn.Scan(sch, Span{}, ScanOptions{Reverse: reverse})
				n := 0
				for ; it.Next(); n++ {
					sum += it.Row().Int64(1)
				}
				if err := it.Close(); err != nil || n != benchRows {
					b.Fatal(n, err)
				}
			}
			b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	const n = 500_000
	shuffled := rand.New(rand.NewPCG(1, 1)).Perm(n)
	for _, tc := range []struct {
		name    string
		ids     func(i int) int64
		indexes []Index
	}{
		{"sorted", func(i int) int64 { return int64(i) }, nil},
		{"shuffled", func(i int) int64 { return int64(shuffled[i]) }, nil},
		{"sorted/index", func(i int) int64 { return int64(i) }, []Index{{ID: 1, Name: "c", Columns: []int{1}}}},
	} {
		b.Run(tc.name, func(b *testing.B) {
			for b.Loop() {
				s := openTest(b, b.TempDir(), Options{FS: vfs.Default})
				loadOrders(b, s, orderSchema(b, 100, tc.indexes...), n, tc.ids)
				s.Close()
			}
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
