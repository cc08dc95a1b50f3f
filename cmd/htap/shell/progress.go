package shell

import (
	"fmt"
	"io"
	"time"
)

// progressAfter is when a running statement begins to show its time, and
// progressEvery how often that is renewed.
const (
	progressAfter = 2 * time.Second
	progressEvery = 100 * time.Millisecond
)

// progress shows on a terminal how long a statement has been running. The zero
// value shows nothing until start is called with a writer.
type progress struct {
	// quit asks the watching goroutine to end, done says that it has; both are
	// nil while none runs.
	quit, done chan struct{}
}

// start begins to watch a statement; stop ends that. It returns at once.
func (p *progress) start(w io.Writer) {
	p.quit, p.done = make(chan struct{}), make(chan struct{})
	// Owner: the shell, which calls stop after each statement; stop waits.
	go func(quit, done chan struct{}) {
		defer close(done)
		began := time.Now()
		tick := time.NewTimer(progressAfter)
		defer tick.Stop()
		shown := false
		for {
			select {
			case <-quit:
				if shown {
					fmt.Fprint(w, "\r\x1b[K")
				}
				return
			case <-tick.C:
				shown = true
				fmt.Fprintf(w, "\r\x1b[K\x1b[2m%.1f s … (Ctrl-C cancels)\x1b[0m", time.Since(began).Seconds())
				tick.Reset(progressEvery)
			}
		}
	}(p.quit, p.done)
}

// stop removes what is shown; stopping twice does nothing.
func (p *progress) stop() {
	if p.quit == nil {
		return
	}
	close(p.quit)
	<-p.done
	p.quit, p.done = nil, nil
}

// watched ends the progress with the last row, before the table is printed.
type watched struct {
	Result
	progress *progress
}

// Next implements Result.
func (r *watched) Next() []Cell {
	row := r.Result.Next()
	if row == nil {
		r.progress.stop()
	}
	return row
}
