package demo

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// console is where the demo writes. It belongs to the goroutine of Run, but for
// the watch that a step starts, which alone writes until the step ends.
type console struct {
	w io.Writer
	// terminal says that w can be redrawn; color that it may be coloured.
	terminal, color bool
	width, height   func() int
	// drawn is how many lines the last frame has.
	drawn int
}

// The styles, as the numbers of terminals.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

// style colours text.
func (c *console) style(code, text string) string {
	if !c.color || text == "" || code == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// println writes a line below everything.
func (c *console) println(format string, args ...any) {
	c.drawn = 0
	fmt.Fprintf(c.w, format+"\n", args...)
}

// stepEvery is how often a running step shows its time: often on a terminal, a
// line a second anywhere else.
func (c *console) stepEvery() time.Duration {
	if c.terminal {
		return 100 * time.Millisecond
	}
	return time.Second
}

// step runs one part of the demo and writes its title and its result, which is
// its time if do says nothing. do may call phase to say what it is at.
func (c *console) step(title string, do func(phase func(string)) (result string, err error)) error {
	began := time.Now()
	phases := make(chan string, 8)
	quit, done := make(chan struct{}), make(chan struct{})
	go func() { // ended and awaited below
		defer close(done)
		c.watch(title, began, phases, quit)
	}()
	result, err := do(func(p string) {
		select {
		case phases <- p:
		default: // what is not shown in time need not be shown
		}
	})
	close(quit)
	<-done
	if c.terminal {
		fmt.Fprint(c.w, "\r\x1b[K")
	}
	if err != nil {
		c.println("%s %s", c.style(red, "✗"), title)
		return err
	}
	if result == "" {
		result = span(time.Since(began))
	}
	c.println("%s %s  %s", c.style(green, "✓"), title, c.style(dim, result))
	return nil
}

// watch shows the time of a running step.
func (c *console) watch(title string, began time.Time, phases chan string, quit chan struct{}) {
	tick := time.NewTicker(c.stepEvery())
	defer tick.Stop()
	phase := ""
	for {
		select {
		case <-quit:
			return
		case p := <-phases:
			phase = ", " + p
			continue
		case <-tick.C:
		}
		text := fmt.Sprintf("· %s%s … %.0f s", title, phase, time.Since(began).Seconds())
		if c.terminal {
			fmt.Fprint(c.w, "\r\x1b[K"+c.style(dim, clip(text, c.width()-1)))
		} else {
			fmt.Fprintln(c.w, text)
		}
	}
}

// frame draws lines over the last frame; a terminal that is too low gets the first ones.
func (c *console) frame(lines []string) {
	if most := c.height() - 1; len(lines) > most && most > 0 {
		lines = lines[:most]
	}
	var b strings.Builder
	b.WriteString("\x1b[?25l") // no cursor while drawing
	if c.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", c.drawn)
	}
	for _, l := range lines {
		b.WriteString("\r" + l + "\x1b[K\n")
	}
	// What is left of a higher frame goes line by line: some terminals keep a
	// screen that is erased as a whole in their history.
	if left := c.drawn - len(lines); left > 0 {
		b.WriteString(strings.Repeat("\r\x1b[K\n", left))
		fmt.Fprintf(&b, "\x1b[%dA", left)
	}
	b.WriteString("\x1b[?25h")
	_, _ = io.WriteString(c.w, b.String())
	c.drawn = len(lines)
}

// clip cuts a line without colours to width columns.
func clip(s string, width int) string {
	r := []rune(s)
	if width <= 0 || len(r) <= width {
		return s
	}
	return string(r[:width-1]) + "…"
}

// piece is a part of a line in one style, "" for none.
type piece struct{ code, text string }

// line joins pieces and cuts them to width columns: a line that wraps would
// break the redrawing.
func (c *console) line(width int, pieces ...piece) string {
	var b strings.Builder
	for _, p := range pieces {
		n := len([]rune(p.text))
		if n > width {
			p.text, n = clip(p.text, width), width
		}
		if width -= n; n > 0 {
			b.WriteString(c.style(p.code, p.text))
		}
	}
	return b.String()
}

// span writes a duration in three digits.
func span(d time.Duration) string {
	unit := func(x float64, name string) string {
		switch {
		case x >= 100:
			return fmt.Sprintf("%.0f %s", x, name)
		case x >= 10:
			return fmt.Sprintf("%.1f %s", x, name)
		}
		return fmt.Sprintf("%.2f %s", x, name)
	}
	switch {
	case d == 0:
		return "–"
	case d >= time.Second:
		return unit(d.Seconds(), "s")
	case d >= time.Millisecond:
		return unit(float64(d)/1e6, "ms")
	}
	return fmt.Sprintf("%.0f µs", float64(d)/1e3)
}
