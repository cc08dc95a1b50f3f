// Package cgroup runs a test's child process in a cgroup of its own with a limit
// on memory, and tells what the kernel has counted there. It knows both versions;
// where no group can be made, the test is skipped with the reason.
//
// For tests only.
package cgroup

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// mountPoint is where every system mounts its cgroups.
const mountPoint = "/sys/fs/cgroup"

// Group is a cgroup of the test's. It is safe for concurrent use.
type Group struct {
	dir    string
	limits string // the file of the limit
	anon   string // the key of memory.stat
	events string // the file that counts kills
}

// New makes a group that may use limit bytes, page cache included, and removes it
// at the end of the test; the processes in it have to be gone by then.
func New(t testing.TB, limit int64) *Group {
	t.Helper()
	g, err := newGroup(limit)
	if err != nil {
		t.Skipf("no cgroup can be made here: %v", err)
	}
	t.Cleanup(func() {
		// The kernel lets go of a process a moment after its parent has waited for it.
		var err error
		for range 100 {
			if err = os.Remove(g.dir); err == nil || errors.Is(err, os.ErrNotExist) {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Errorf("cgroup %s is left behind: %v", g.dir, err)
	})
	return g
}

func newGroup(limit int64) (*Group, error) {
	parents, g, err := candidates()
	if err != nil {
		return nil, err
	}
	name := "htapdb-test-" + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	for _, parent := range parents {
		g.dir = filepath.Join(parent, name)
		if err = os.Mkdir(g.dir, 0o755); err != nil {
			continue
		}
		if err = os.WriteFile(filepath.Join(g.dir, g.limits), []byte(strconv.FormatInt(limit, 10)), 0o644); err == nil {
			return &g, nil
		}
		_ = os.Remove(g.dir)
	}
	if err == nil {
		err = errors.New("no group has the memory controller")
	}
	return nil, err
}

// candidates are the directories that may take a new group, the nearest first.
func candidates() ([]string, Group, error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, Group{}, err
	}
	v1, v2 := "", ""
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		switch {
		case len(parts) != 3:
		case parts[1] == "memory":
			v1 = parts[2]
		case parts[1] == "":
			v2 = parts[2]
		}
	}
	if root := filepath.Join(mountPoint, "memory"); v1 != "" && exists(filepath.Join(root, "memory.limit_in_bytes")) {
		return []string{filepath.Join(root, v1), root}, Group{limits: "memory.limit_in_bytes", anon: "rss", events: "memory.oom_control"}, nil
	}
	var found []string
	for dir := filepath.Join(mountPoint, v2); v2 != ""; dir = filepath.Dir(dir) {
		control, err := os.ReadFile(filepath.Join(dir, "cgroup.subtree_control"))
		if err == nil && strings.Contains(" "+strings.TrimSpace(string(control))+" ", " memory ") {
			found = append(found, dir)
		}
		if dir == mountPoint || dir == "/" {
			break
		}
	}
	return found, Group{limits: "memory.max", anon: "anon", events: "memory.events"}, nil
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// Command returns a command that runs in the group from its first instruction on.
func (g *Group) Command(name string, args ...string) *exec.Cmd {
	const enter = `echo $$ > "$0" && exec "$@"`
	return exec.Command("/bin/sh", append([]string{"-c", enter, filepath.Join(g.dir, "cgroup.procs"), name}, args...)...)
}

// Anonymous returns the bytes of memory that belong to no file and were not
// swapped out: heaps, stacks and private mappings.
func (g *Group) Anonymous() int64 { return g.count("memory.stat", g.anon) }

// Kills returns how many processes the kernel has killed for want of memory.
func (g *Group) Kills() int64 { return g.count(g.events, "oom_kill") }

// count reads a number from a file of lines 'key value', 0 if it is not there.
func (g *Group) count(file, key string) int64 {
	text, err := os.ReadFile(filepath.Join(g.dir, file))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, key+" "); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
			return n
		}
	}
	return 0
}
