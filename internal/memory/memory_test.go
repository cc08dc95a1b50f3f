package memory

import (
	"strings"
	"sync"
	"testing"

	"htapdb/sql/sqlstate"
)

// A reservation counts on the whole path, and a refused one on none of it.
func TestReserve(t *testing.T) {
	root := NewRoot(1000)
	query := root.Child("query 7", 0)
	join := query.Child("hash join", 600)
	if err := join.Reserve(500); err != nil {
		t.Fatal(err)
	}
	if root.Used() != 500 || query.Used() != 500 || join.Used() != 500 {
		t.Fatalf("used %d %d %d", root.Used(), query.Used(), join.Used())
	}
	err := join.Reserve(101)
	if !sqlstate.Is(err, sqlstate.OutOfMemory) {
		t.Fatalf("over its own limit: %v", err)
	}
	for _, want := range []string{"query 7/hash join", "600 B", "101 B"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	if err := query.Reserve(501); !sqlstate.Is(err, sqlstate.OutOfMemory) || !strings.Contains(err.Error(), "engine") {
		t.Fatalf("over the root's limit: %v", err)
	}
	if root.Used() != 500 || query.Used() != 500 || join.Used() != 500 {
		t.Fatalf("a refusal changed the counts: %d %d %d", root.Used(), query.Used(), join.Used())
	}
	if got := join.Available(); got != 100 {
		t.Errorf("available %d", got)
	}
	join.Release(500)
	if root.Used() != 0 || join.Peak() != 500 || root.Peak() != 500 {
		t.Errorf("after release: used %d, peaks %d %d", root.Used(), join.Peak(), root.Peak())
	}
	query.Force(2000)
	if root.Used() != 2000 || query.Available() != 0 {
		t.Errorf("forced: %d, %d left", root.Used(), query.Available())
	}
}

// Concurrent reservations never pass the limit and all come back.
func TestConcurrent(t *testing.T) {
	root := NewRoot(1 << 20)
	var wg sync.WaitGroup
	for range 8 {
		a := root.Child("q", 0)
		wg.Go(func() {
			for range 5000 {
				if a.Reserve(300_000) == nil {
					a.Release(300_000)
				}
			}
		})
	}
	wg.Wait()
	if root.Used() != 0 {
		t.Errorf("%d bytes left", root.Used())
	}
	if root.Peak() > 1<<20 {
		t.Errorf("peak %d is above the limit", root.Peak())
	}
}

// A nil account is unlimited.
func TestNil(t *testing.T) {
	var a *Account
	if err := a.Reserve(1 << 60); err != nil {
		t.Fatal(err)
	}
	a.Release(1 << 60)
}

func TestFormat(t *testing.T) {
	for bytes, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1536: "1.5 KiB", 1 << 30: "1 GiB", 5 << 40: "5 TiB"} {
		if got := Format(bytes); got != want {
			t.Errorf("Format(%d) = %q, want %q", bytes, got, want)
		}
	}
}

func BenchmarkReserve(b *testing.B) {
	a := NewRoot(1<<40).Child("query", 0).Child("op", 0)
	for b.Loop() {
		if a.Reserve(64) != nil {
			b.Fatal("refused")
		}
		a.Release(64)
	}
}
