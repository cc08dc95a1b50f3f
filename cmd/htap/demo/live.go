package demo

import (
	"context"
	"errors"
	"sync"
	"time"
)

// writerCount is how many clients book at the same time. More of them share
// each sync of the log.
const writerCount = 8

// redrawEvery is how often a terminal is redrawn.
const redrawEvery = 200 * time.Millisecond

// live runs transactions and questions at the same time and shows the meters.
func (d *demo) live(ctx context.Context) error {
	asked := ofKind(d.queries, "live", "all")
	ctx, cancel := context.WithTimeout(ctx, d.opt.Duration)
	defer cancel()
	workers, err := d.workers(ctx, asked)
	if err != nil {
		return err
	}
	failed := make(chan error, len(workers))
	var wg sync.WaitGroup
	d.db.ResetLags()
	sc := &screen{c: d.c, m: d.m, asked: asked, live: ofKind(d.queries, "live"), began: time.Now(), length: d.opt.Duration}
	sc.update(sc.began)
	for _, work := range workers {
		wg.Go(func() { // ends with ctx, or with an error that ends ctx
			if err := work(ctx); err != nil {
				failed <- err
				cancel()
			}
		})
	}
	d.c.println("")
	d.show(ctx, sc)
	wg.Wait()
	select {
	case err := <-failed:
		return err
	default:
	}
	if errors.Is(context.Cause(ctx), context.Canceled) {
		return context.Canceled
	}
	d.finalFigures(sc)
	d.checks += d.m.agreed.Load() + d.m.snapshots.Load()
	return nil
}

// workers are what runs at the same time: writers, readers of small and of
// large tables, a comparison.
func (d *demo) workers(ctx context.Context, asked []query) ([]func(context.Context) error, error) {
	o := &office{db: d.db, m: d.m}
	_, rows, err := collect(ctx, d.s, "SELECT count(*) FROM departures")
	if err != nil {
		return nil, err
	}
	if o.departures, err = parseInt(rows); err != nil {
		return nil, err
	}
	live := ofKind(asked, "live")
	list := []func(context.Context) error{
		func(ctx context.Context) error { return readAll(ctx, d.db, d.m, live) },
		func(ctx context.Context) error { return readAll(ctx, d.db, d.m, ofKind(asked, "all")) },
		func(ctx context.Context) error { return compareAll(ctx, d.db, d.m, live) },
	}
	for i := range writerCount {
		w, err := newWriter(ctx, o, uint64(i)+1)
		if err != nil {
			return nil, err
		}
		list = append(list, w.run)
	}
	return list, nil
}

// show draws the meters until ctx ends.
func (d *demo) show(ctx context.Context, sc *screen) {
	every := time.Second
	if d.c.terminal {
		every = redrawEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			d.m.takeLags(d.db)
			sc.update(now)
			if d.c.terminal {
				d.c.frame(sc.lines(now))
			} else {
				d.c.println("%s", sc.summary(now))
			}
		}
	}
}

// finalFigures leaves the figures of the whole run on the screen.
func (d *demo) finalFigures(sc *screen) {
	d.m.takeLags(d.db)
	sc.final = true
	now := time.Now()
	if d.c.terminal {
		d.c.frame(nil) // what follows may be higher than the terminal
	}
	for _, line := range sc.figures(now) {
		d.c.println("%s", line)
	}
	d.c.println("")
}
