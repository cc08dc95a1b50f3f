package demo

import (
	"fmt"
	"strings"
	"time"
)

// rates are how many of something happened a second, newest last.
type rates struct {
	last   int
	at     time.Time
	recent []float64
}

// sparkWidth is how many rates are drawn.
const sparkWidth = 24

// note takes the count at a time.
func (r *rates) note(count int, now time.Time) {
	if !r.at.IsZero() && now.After(r.at) {
		r.recent = append(r.recent, float64(count-r.last)/now.Sub(r.at).Seconds())
		if len(r.recent) > sparkWidth {
			r.recent = r.recent[1:]
		}
	}
	r.last, r.at = count, now
}

// now is the newest rate.
func (r *rates) now() float64 {
	if len(r.recent) == 0 {
		return 0
	}
	return r.recent[len(r.recent)-1]
}

// spark draws the newest rates as bars of the highest one.
func (r *rates) spark(width int) string {
	recent := r.recent[max(len(r.recent)-max(width, 0), 0):]
	most := 1.0
	for _, x := range recent {
		most = max(most, x)
	}
	bars := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, x := range recent {
		b.WriteRune(bars[int(x/most*float64(len(bars)-1)+0.5)])
	}
	return b.String()
}

// screen draws the meters while the workers run.
type screen struct {
	c           *console
	m           *meters
	asked, live []query
	began       time.Time
	length      time.Duration
	tps, qps    rates
	// final says that the run is over: rates are then of the whole run.
	final bool
}

// update takes the counts.
func (s *screen) update(now time.Time) {
	s.tps.note(s.m.transactions.count(), now)
	s.qps.note(s.m.queries.count(), now)
}

// figure writes a rate and its percentiles.
func (s *screen) figure(name string, r *rates, h *histogram, total string) string {
	rate := r.now()
	if s.final {
		rate = float64(h.count()) / s.length.Seconds()
	}
	const before = 70 // columns of the pieces before the bars
	return s.c.line(s.width(), piece{bold, pad(name, 13)}, piece{bold, fmt.Sprintf("%7s", groupInt(int64(rate+0.5)))}, piece{text: "/s  "},
		percentiles(h), piece{dim, pad(total, 19) + " "}, piece{cyan, r.spark(s.width() - before)})
}

// percentiles writes the median and the 99th.
func percentiles(h *histogram) piece {
	return piece{text: fmt.Sprintf("p50 %-8s p99 %-9s", span(h.percentile(0.5)), span(h.percentile(0.99)))}
}

// pad writes s in width columns.
func pad(s string, width int) string {
	if n := len([]rune(s)); n < width {
		return s + strings.Repeat(" ", width-n)
	}
	return s
}

// lines draws the whole screen. A low terminal has room for the answer, but not
// for a line before it.
func (s *screen) lines(now time.Time) []string {
	out := s.figures(now)
	if s.c.height() > roomyHeight {
		out = append(out, "")
	}
	return append(out, s.answer(now)...)
}

// width is how wide lines may be.
func (s *screen) width() int { return min(max(s.c.width()-1, 40), 120) }

// figures draws everything but an answer.
func (s *screen) figures(now time.Time) []string {
	m, width := s.m, s.width()
	clock := fmt.Sprintf(" %.0f of %.0f s", min(now.Sub(s.began), s.length).Seconds(), s.length.Seconds())
	if s.final {
		clock = fmt.Sprintf(" %.3g s", s.length.Seconds())
	}
	const title = "Transactions and analytics on the same tables "
	rule := strings.Repeat("─", max(width-len(title)-len(clock), 0))
	conflicts := m.serialization.Load() + m.deadlocks.Load()
	out := []string{
		s.c.line(width, piece{bold, title}, piece{dim, rule}, piece{text: clock}),
		s.figure("transactions", &s.tps, &m.transactions, groupInt(m.transactions.count())+" committed"),
		s.figure("queries", &s.qps, &m.queries, groupInt(m.queries.count())+" answered"),
		s.c.line(width, piece{bold, pad("freshness", 24)}, percentiles(&m.lags), piece{dim, "commit → seen by analytics"}),
		s.c.line(width, piece{bold, pad("conflicts", 13)}, piece{text: fmt.Sprintf("%7s", groupInt(conflicts))},
			piece{dim, fmt.Sprintf("    retried (%s serialization, %s deadlock), %s sold out",
				groupInt(m.serialization.Load()), groupInt(m.deadlocks.Load()), groupInt(m.soldOut.Load()))}),
		s.c.line(width, piece{dim, pad("QUERY and table▸path cost<other path", titleWidth) + "  ASKED       P50       P99"}),
	}
	for _, q := range s.asked {
		out = append(out, s.question(q)...)
	}
	return out
}

// titleWidth is how wide a question is.
const titleWidth = 40

// question has a line with its figures and one or more with its paths.
func (s *screen) question(q query) []string {
	h := s.m.of(q)
	out := []string{s.c.line(s.width(), piece{text: fmt.Sprintf("%s %6s %9s %9s", pad(clip(q.title, titleWidth), titleWidth), groupInt(h.count()),
		span(h.percentile(0.5)), span(h.percentile(0.99)))})}
	most := 1
	if s.final || s.c.height() > roomyHeight {
		most = 3
	}
	return append(out, s.routes(s.m.routes(q), most)...)
}

// roomyHeight is how high a terminal must be for paths on several lines.
const roomyHeight = 36

// routes writes the accesses of a plan on at most so many lines.
func (s *screen) routes(list []access, most int) []string {
	const indent = "   "
	width := s.width() - len(indent)
	var out []string
	var at []piece
	used := 0
	for i, a := range list {
		name, why := a.table+"▸"+a.path, " "+a.why()
		if used > 0 {
			name = "  " + name
		}
		n := len([]rune(name)) + len(why)
		if used+n > width && used > 0 {
			if len(out)+1 == most {
				at = append(at, piece{dim, fmt.Sprintf("  +%d", len(list)-i)})
				break
			}
			out = append(out, s.c.line(s.width(), append([]piece{{text: indent}}, at...)...))
			at, used, name = nil, 0, strings.TrimLeft(name, " ")
		}
		used += n
		code := cyan
		if a.path == "row" {
			code = yellow
		}
		at = append(at, piece{code, name}, piece{dim, why})
	}
	if len(at) == 0 {
		return out
	}
	return append(out, s.c.line(s.width(), append([]piece{{text: indent}}, at...)...))
}

// answerFor is how long one answer stays on the screen.
const answerFor = 2 * time.Second

// answer shows the newest answer to one of the live questions, in turn.
func (s *screen) answer(now time.Time) []string {
	q := s.live[int(now.Sub(s.began)/answerFor)%len(s.live)]
	a, ok := s.m.answer(q)
	if !ok {
		return nil
	}
	out := []string{s.c.line(s.width(), piece{bold, a.q.title}, piece{green, fmt.Sprintf("  ✓ rows and columns agree (%s answers so far)", groupInt(s.m.agreed.Load()))})}
	for i, line := range a.table() {
		code := ""
		if i == 0 {
			code = dim
		}
		out = append(out, s.c.line(s.width(), piece{code, line}))
	}
	return out
}

// summary is one line of figures, for output that is no terminal.
func (s *screen) summary(now time.Time) string {
	m := s.m
	return fmt.Sprintf("%2.0f s: %s transactions/s, %s queries/s, freshness p99 %s, %s compared",
		min(now.Sub(s.began), s.length).Seconds(), groupInt(int64(s.tps.now()+0.5)), groupInt(int64(s.qps.now()+0.5)),
		span(m.lags.percentile(0.99)), groupInt(m.agreed.Load()))
}
