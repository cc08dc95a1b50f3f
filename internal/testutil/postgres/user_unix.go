//go:build unix

package postgres

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
	"testing"

	"htapdb/internal/testutil"
)

// PostgreSQL refuses to run as root: then it runs as the user that its package
// has made.
const serverUser = "postgres"

// asServer is a command under the server's user.
func asServer(t testing.TB, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = os.TempDir()
	if os.Getuid() == 0 {
		uid, gid := identity(t)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	return cmd
}

// giveToServer makes the server's user the owner of dir.
func giveToServer(t testing.TB, dir string) {
	if os.Getuid() != 0 {
		return
	}
	uid, gid := identity(t)
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
}

func identity(t testing.TB) (uid, gid int) {
	t.Helper()
	u, err := user.Lookup(serverUser)
	if err != nil {
		testutil.Missing(t, "no user %q to run PostgreSQL as: %v", serverUser, err)
	}
	uid, errU := strconv.Atoi(u.Uid)
	gid, errG := strconv.Atoi(u.Gid)
	if errU != nil || errG != nil {
		t.Fatalf("user %q has ids %q and %q", serverUser, u.Uid, u.Gid)
	}
	return uid, gid
}
