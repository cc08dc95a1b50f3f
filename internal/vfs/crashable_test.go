package vfs

import (
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A power loss during the operations that load and reuse files ends, and so do
// they. Pebble's file system alone stops here for good.
func TestCrashCloneDuringLink(t *testing.T) {
	fs := NewCrashableMem()
	for _, name := range []string{"linked", "reused"} {
		f, err := fs.Create(name, "test")
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	done, cloned := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(cloned)
		for {
			select {
			case <-done:
				return
			default:
				fs.CrashClone(vfs.CrashCloneCfg{})
			}
		}
	}()
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 20_000 {
			if err := fs.Link("linked", "link"); err != nil {
				t.Error(err)
				return
			}
			if err := fs.Remove("link"); err != nil {
				t.Error(err)
				return
			}
		}
	})
	wg.Go(func() {
		for range 20_000 {
			f, err := fs.ReuseForWrite("reused", "reused", "test")
			if err != nil {
				t.Error(err)
				return
			}
			if err := f.Close(); err != nil {
				t.Error(err)
				return
			}
		}
	})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-cloned:
	case <-time.After(time.Minute):
		t.Fatal("a power loss and a link wait for each other")
	}
}
