package shell

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/peterh/liner"
)

// metaEdit opens an editor on the last statement or a file and runs what was saved.
func (s *Shell) metaEdit(ctx context.Context, arg string, f *feeder) error {
	t, ok := terminalOf(f)
	if !ok {
		return errors.New(`\e needs a terminal`)
	}
	path := arg
	if path == "" {
		tmp, err := os.CreateTemp("", "htap-*.sql")
		if err != nil {
			return err
		}
		path = tmp.Name()
		defer os.Remove(path)
		if _, err = tmp.WriteString(s.last + ";\n"); err == nil {
			err = tmp.Close()
		}
		if err != nil {
			return err
		}
	}
	before, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := t.edit(ctx, path); err != nil {
		return err
	}
	after, err := os.Stat(path)
	if err != nil {
		return err
	}
	if arg == "" && after.ModTime().Equal(before.ModTime()) {
		fmt.Fprintln(s.out, "Nothing was changed.")
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, clean(strings.TrimSpace(string(text))))
	for line := range strings.Lines(string(text)) {
		if err := f.feed(ctx, strings.TrimRight(line, "\r\n")); err != nil {
			return errMeta
		}
	}
	return nil
}

// terminalOf returns the terminal that feeds f.
func terminalOf(f *feeder) (*terminal, bool) {
	if f == nil {
		return nil, false
	}
	t, ok := f.src.(*terminal)
	return t, ok
}

// edit runs the editor with the terminal as it was before the shell.
func (t *terminal) edit(ctx context.Context, path string) error {
	name := "vi"
	for _, env := range []string{"VISUAL", "EDITOR"} {
		if v := os.Getenv(env); v != "" {
			name = v
			break
		}
	}
	args := append(strings.Fields(name), path)
	raw, err := liner.TerminalMode()
	if err != nil {
		return err
	}
	if err := t.original.ApplyMode(); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	if e := raw.ApplyMode(); err == nil {
		err = e
	}
	return err
}
