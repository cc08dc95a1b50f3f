//go:build !unix

package postgres

import (
	"os/exec"
	"testing"
)

func asServer(_ testing.TB, name string, args ...string) *exec.Cmd {
	return exec.Command(name, args...)
}

func giveToServer(testing.TB, string) {}
