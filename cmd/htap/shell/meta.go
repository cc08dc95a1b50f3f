package shell

import (
	"context"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
)

// command is a command that begins with a backslash.
type command struct {
	// usage follows the name in the help; about says what it does.
	usage, about string
	run          func(s *Shell, ctx context.Context, arg string, f *feeder) error
}

// commands are those by name. A function breaks the circle with the help.
func commands() map[string]command {
	return map[string]command{
		"d":       {"[NAME]", "list tables, views and models, or describe one", (*Shell).metaDescribe},
		"dt":      {"", "list tables with their rows and the state of their columns", (*Shell).metaTables},
		"dv":      {"", "list views", (*Shell).metaViews},
		"dm":      {"", "list models with their metrics", (*Shell).metaModels},
		"timing":  {"[on|off]", "show how long each statement takes", (*Shell).metaTiming},
		"x":       {"[on|off]", "print each row over several lines", (*Shell).metaExpanded},
		"format":  {"[table|csv|json|markdown]", "how results are printed", (*Shell).metaFormat},
		"maxrows": {"[N|all]", "how many rows a terminal shows of a result", (*Shell).metaMaxRows},
		"i":       {"FILE", "run the statements of a file", (*Shell).metaInclude},
		"e":       {"[FILE]", "edit the last statement, or a file, and run it", (*Shell).metaEdit},
		"?":       {"", "this help", (*Shell).metaHelp},
		"q":       {"", "end the shell", (*Shell).metaQuit},
	}
}

// meta runs a line that begins with a backslash and reports whether it did
// well; messages have been printed. f is nil for -c.
func (s *Shell) meta(ctx context.Context, line string, f *feeder) bool {
	name, arg, _ := strings.Cut(strings.TrimPrefix(line, `\`), " ")
	arg = strings.TrimSuffix(strings.TrimSpace(arg), ";")
	name = strings.TrimSuffix(strings.TrimSpace(name), ";")
	c, ok := commands()[name]
	if !ok {
		fmt.Fprintf(s.err, "invalid command \\%s\nTry \\? for help.\n", clean(name))
		return false
	}
	err := c.run(s, ctx, arg, f)
	switch {
	case err == nil:
		return true
	case err == errMeta:
	default:
		printError(s.err, err, "", "")
	}
	return false
}

// parseSwitch reads on and off; nothing turns the switch over.
func parseSwitch(arg string, now bool) (bool, error) {
	switch strings.ToLower(arg) {
	case "":
		return !now, nil
	case "on", "true", "1":
		return true, nil
	case "off", "false", "0":
		return false, nil
	}
	return now, fmt.Errorf("%q is neither on nor off", arg)
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func (s *Shell) metaTiming(_ context.Context, arg string, _ *feeder) (err error) {
	if s.timing, err = parseSwitch(arg, s.timing); err == nil {
		fmt.Fprintf(s.out, "Timing is %s.\n", onOff(s.timing))
	}
	return err
}

func (s *Shell) metaExpanded(_ context.Context, arg string, _ *feeder) (err error) {
	if s.expanded, err = parseSwitch(arg, s.expanded); err == nil {
		fmt.Fprintf(s.out, "Expanded display is %s.\n", onOff(s.expanded))
	}
	return err
}

func (s *Shell) metaFormat(_ context.Context, arg string, _ *feeder) error {
	if arg != "" {
		f, err := ParseFormat(arg)
		if err != nil {
			return err
		}
		s.format = f
	}
	fmt.Fprintf(s.out, "Output format is %s.\n", s.format)
	return nil
}

func (s *Shell) metaMaxRows(_ context.Context, arg string, _ *feeder) error {
	switch n, err := strconv.Atoi(arg); {
	case arg == "":
	case strings.EqualFold(arg, "all"):
		s.maxRows = 0
	case err != nil || n < 1:
		return fmt.Errorf("%q is no number of rows", arg)
	default:
		s.maxRows = n
	}
	if s.maxRows == 0 {
		fmt.Fprintln(s.out, "All rows are shown.")
		return nil
	}
	fmt.Fprintf(s.out, "At most %d rows of a result are shown.\n", s.maxRows)
	return nil
}

// maxDepth bounds \i within \i.
const maxDepth = 16

func (s *Shell) metaInclude(ctx context.Context, arg string, _ *feeder) error {
	if arg == "" {
		return fmt.Errorf(`\i needs the name of a file`)
	}
	if s.depth >= maxDepth {
		return fmt.Errorf(`\i is nested more than %d deep`, maxDepth)
	}
	name := strings.Trim(arg, `'"`)
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	s.depth++
	defer func() { s.depth-- }()
	if err := s.script(ctx, newFileLines(file, name)); err != nil {
		return errMeta // the error itself has been printed
	}
	return nil
}

func (s *Shell) metaHelp(context.Context, string, *feeder) error {
	all := commands()
	names := make([]string, 0, len(all))
	for n := range all {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		fmt.Fprintf(s.out, "  %-38s %s\n", `\`+n+" "+all[n].usage, all[n].about)
	}
	fmt.Fprintln(s.out, "\nA statement ends with a semicolon. Ctrl-C cancels the line or the running\nstatement, Ctrl-D ends the shell, Tab completes, Ctrl-R searches the history.")
	return nil
}

func (s *Shell) metaQuit(context.Context, string, *feeder) error {
	s.stopped = true
	return nil
}
