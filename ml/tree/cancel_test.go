package tree

import (
	"context"
	"errors"
	"testing"

	"htapdb/ml"
)

// Every pass over all rows that one goroutine makes sees a cancel.
func TestSerialPassesCancel(t *testing.T) {
	rows := 3 * chunkRows
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	numbers := func() *matrix { return &matrix{rows: rows, target: make([]float64, rows)} }
	classes := func() *matrix { return &matrix{rows: rows, class: make([]int32, rows)} }
	newPlanter := func(m *matrix) *planter {
		return &planter{m: m, width: 1, bootstrap: true, votes: make([]float64, rows), voters: make([]int32, rows)}
	}
	newBed := func() *bed {
		return &bed{g: &grower{layout: gradientLayout()}, weight: make([]uint8, rows), values: [][]int64{make([]int64, rows)}}
	}
	frame := &ml.Frame{Rows: rows, Blocks: []*ml.Block{{Rows: rows, Target: make([]float64, rows),
		Columns: []ml.Column{{Numbers: make([]float64, rows)}, {Codes: make([]int32, rows)}}}}}
	for name, pass := range map[string]func() error{
		"center":            func() error { return newPlanter(numbers()).center(ctx) },
		"draw":              func() error { return newPlanter(numbers()).draw(ctx, newBed(), 1) },
		"draw all":          func() error { p := newPlanter(numbers()); p.bootstrap = false; return p.draw(ctx, newBed(), 1) },
		"plant":             func() error { return newPlanter(numbers()).plant(ctx, newBed(), 1) },
		"metrics":           func() error { _, err := newPlanter(numbers()).metrics(ctx); return err },
		"metrics (classes)": func() error { _, err := newPlanter(classes()).metrics(ctx); return err },
		"begin":             func() error { return (&objective{m: numbers(), task: ml.Regression}).begin(ctx) },
		"begin (classes)":   func() error { return (&objective{m: classes(), classes: 3}).begin(ctx) },
		"boosting's metrics": func() error {
			o := &objective{m: classes(), task: ml.Classification, classes: 2, scores: [][]float64{make([]float64, rows)}}
			_, err := o.metrics(ctx)
			return err
		},
		"bins of numbers": func() error { _, err := numberBins(ctx, make([]int64, rows), 255); return err },
		"bins of a column": func() error {
			_, err := binNumbers(ctx, frame, 0, 255, make([]int64, rows), make([]int64, rows), make([]uint8, rows))
			return err
		},
		"categories": func() error { _, err := binCategories(ctx, frame, 1, 1, 255, make([]uint8, rows)); return err },
		"take":       func() error { return numbers().take(ctx, frame) },
		"canonical": func() error {
			_, err := canonical(ctx, make([]uint64, rows), func(a, b int32) int { return 0 })
			return err
		},
	} {
		if err := pass(); !errors.Is(err, stop) {
			t.Errorf("%s: %v after a cancel", name, err)
		}
	}
}
