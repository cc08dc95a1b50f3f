package mark

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"reflect"
	"testing"

	"htapdb/internal/testutil"
	"htapdb/internal/vfs"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
)

// A record is read as it was written, whatever follows it; changed at any byte
// or cut anywhere it is none.
func TestRecord(t *testing.T) {
	r := &Record{Generation: 7, Durable: 1 << 60, Commits: 12, WallMicros: 99, Clean: true,
		Files: []File{{Name: "000001.log", Size: 1 << 33, Sum: 5, Summed: true}, {Name: "marker"}}}
	good := r.encode()
	for _, b := range [][]byte{good, append(append([]byte(nil), good...), "rest of a longer one"...)} {
		if got := decode(b); !reflect.DeepEqual(got, r) {
			t.Errorf("%+v", got)
		}
	}
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 4
		if decode(bad) != nil || decode(good[:i]) != nil {
			t.Fatalf("byte %d of %d does not matter", i, len(good))
		}
	}
}

// FuzzRecord: whatever the bytes, decoding ends without a panic.
func FuzzRecord(f *testing.F) {
	f.Add((&Record{Files: []File{{Name: "x", Size: 1}}}).encode())
	f.Fuzz(func(_ *testing.T, b []byte) { decode(b) })
}

// After a power loss at any moment the disk agrees with its record: a Keeper's
// user writes, syncs, renames, reuses and removes files at random.
func TestPowerLoss(t *testing.T) {
	rng := testutil.Rand(t)
	rounds := 40
	if testutil.Long() {
		rounds = 1000
	}
	for range rounds {
		disk := vfs.NewCrashableMem()
		if err := vfs.MakeDirs(disk, "home/store/files"); err != nil {
			t.Fatal(err)
		}
		for range 3 { // openings
			w := newWriter(t, disk, rng)
			for range rng.IntN(60) {
				w.step()
				if rng.IntN(8) > 0 {
					continue
				}
				clone := disk.CrashClone(pebblevfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rand.New(rand.NewPCG(rng.Uint64(), 1))})
				if found, damages := examine(t, clone); found.Newest == nil || len(damages) > 0 {
					t.Fatalf("a disk without damage: record %+v, damages %v", found.Newest, damages)
				}
			}
			if rng.IntN(2) == 0 {
				w.k.Abandon()
				disk = disk.CrashClone(pebblevfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rand.New(rand.NewPCG(rng.Uint64(), 1))})
			} else if err := w.k.Close(true); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func examine(t *testing.T, disk vfs.FS) (Found, []Damage) {
	t.Helper()
	found, err := Read(disk, "home/store")
	if err != nil || found.Newest == nil {
		t.Fatal("no record: ", err)
	}
	damages, err := Check(disk, "home/store/files", found.Newest)
	if err != nil {
		t.Fatal(err)
	}
	return found, damages
}

// writer uses a Keeper as Pebble does.
type writer struct {
	t     *testing.T
	k     *Keeper
	rng   *rand.Rand
	open  vfs.File
	names []string
}

func newWriter(t *testing.T, disk vfs.FS, rng *rand.Rand) *writer {
	t.Helper()
	found, err := Read(disk, "home/store")
	if err != nil {
		t.Fatal(err)
	}
	k, err := Open(disk, "home/store", "home/store/files", found, false, Options{
		State: func() (uint64, uint64) { return 1, 1 }, Clock: func() int64 { return 1 }, Fail: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	k.Start()
	names, err := k.List("home/store/files")
	if err != nil {
		t.Fatal(err)
	}
	return &writer{t: t, k: k, rng: rng, names: names}
}

func (w *writer) step() {
	w.t.Helper()
	path := func(name string) string { return "home/store/files/" + name }
	fresh := string(rune('a'+w.rng.IntN(26))) + string(rune('a'+w.rng.IntN(26))) + ".log"
	var err error
	switch n := w.rng.IntN(7); {
	case n == 0 || w.open == nil:
		w.open, err = w.k.Create(path(fresh), "test")
		w.names = append(w.names, fresh)
	case n <= 2:
		_, err = w.open.Write(make([]byte, 1+w.rng.IntN(5000)))
	case n == 3:
		err = w.open.SyncData()
	case n == 4:
		var d vfs.File
		if d, err = w.k.OpenDir("home/store/files"); err == nil {
			err = errors.Join(d.Sync(), d.Close())
		}
	case len(w.names) > 1 && n == 5:
		old := w.names[0]
		w.names = append(w.names[1:], fresh)
		w.open, err = w.k.ReuseForWrite(path(old), path(fresh), "test")
	default:
		_ = w.k.Remove(path(w.names[0])) // it may be gone under another name
		w.names = w.names[1:]
		w.open = nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.t.Fatal(err)
	}
	if err != nil {
		w.open = nil
	}
}
