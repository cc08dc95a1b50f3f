package vfs

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// slowRemoval holds removals up until it is told to go on.
type slowRemoval struct {
	FS
	gate chan struct{}
}

func (s *slowRemoval) Remove(name string) error {
	<-s.gate
	return s.FS.Remove(name)
}

func removable(t *testing.T, n int) (*slowRemoval, []string) {
	t.Helper()
	fs := &slowRemoval{FS: NewMem(), gate: make(chan struct{})}
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("f%d", i)
		f, err := fs.Create(names[i], "test")
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return fs, names
}

func remaining(t *testing.T, fs FS) int {
	t.Helper()
	list, err := fs.List("")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// Nobody waits for a removal but Close, which waits for all; afterwards nothing is
// removed any more.
func TestRemover(t *testing.T) {
	fs, names := removable(t, 100)
	r := NewRemover(fs)
	for _, name := range names[1:] {
		r.Remove(name)
	}
	r.Remove("not there") // whatever happens to one, the others go
	closed := make(chan struct{})
	go func() { r.Close(); close(closed) }()
	select {
	case <-closed:
		t.Fatal("Close did not wait")
	case <-time.After(10 * time.Millisecond):
	}
	close(fs.gate)
	<-closed
	r.Remove(names[0])
	r.Wait()
	if n := remaining(t, fs); n != 1 {
		t.Errorf("%d files remain", n)
	}
}

// A caller that finds the queue full removes its file itself, and Close waits for
// it, too.
func TestRemoverFull(t *testing.T) {
	fs, names := removable(t, removerQueue+50)
	r := NewRemover(fs)
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for _, name := range names {
				r.Remove(name)
			}
		})
	}
	stuck := make(chan struct{})
	go func() { callers.Wait(); close(stuck) }()
	select {
	case <-stuck:
		t.Fatal("the queue has no bound")
	case <-time.After(10 * time.Millisecond):
	}
	close(fs.gate)
	callers.Wait()
	r.Close()
	if n := remaining(t, fs); n != 0 {
		t.Errorf("%d files remain", n)
	}
}
