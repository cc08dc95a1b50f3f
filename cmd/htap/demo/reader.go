package demo

import (
	"context"
	"fmt"
	"time"

	"htapdb/htap"
)

// explainEvery is how often the plan of each query is asked again: costs move
// as the tables grow.
const explainEvery = time.Second

// compareEvery is how often an answer is computed by both paths during the run.
const compareEvery = 200 * time.Millisecond

// readAll asks the questions in turn until ctx ends, always on the newest
// committed state, by the path that the planner chooses.
func readAll(ctx context.Context, db *htap.DB, m *meters, qs []query) error {
	s := db.Session(ctx)
	defer s.Close()
	prepared := make([]*htap.Stmt, len(qs))
	for i, q := range qs {
		var err error
		if prepared[i], err = s.Prepare(ctx, q.sql); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
	}
	var explained time.Time
	for at := 0; ctx.Err() == nil; at = (at + 1) % len(qs) {
		if at == 0 && time.Since(explained) >= explainEvery {
			explained = time.Now()
			if err := explainAll(ctx, s, m, qs); err != nil && ctx.Err() == nil {
				return err
			}
		}
		began := time.Now()
		rows, err := prepared[at].Query(ctx)
		if err == nil {
			for rows.Next() {
				continue // the answer is read to its end; what is shown is the compared one
			}
			err = rows.Close()
		}
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("%s: %w", qs[at].name, err)
		}
		if ctx.Err() == nil {
			m.queried(qs[at], time.Since(began))
		}
	}
	return nil
}

// explainAll asks the plans of all questions.
func explainAll(ctx context.Context, s *htap.Session, m *meters, qs []query) error {
	for _, q := range qs {
		a, err := explain(ctx, s, q.sql)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		m.routed(q, a)
	}
	return nil
}

// compareAll computes the questions on the live tables by both paths in turn
// until ctx ends.
func compareAll(ctx context.Context, db *htap.DB, m *meters, qs []query) error {
	s := db.Session(ctx)
	defer s.Close()
	tick := time.NewTicker(compareEvery)
	defer tick.Stop()
	for at := 0; ; at = (at + 1) % len(qs) {
		a, err := both(ctx, s, qs[at], nil)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		m.agreed.Add(1)
		if err := checkBooks(m, a); err != nil {
			return err
		}
		m.answered(a)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// checkBooks proves that the snapshot is one state of the database: money only
// moves between customers and payments, and seats only to bookings.
func checkBooks(m *meters, a answer) error {
	if a.q.name != "books" {
		return nil
	}
	const money = "200000000.00" // what schema.sql gives the customers
	if len(a.rows) != 1 || a.rows[0][0] != money || a.rows[0][1] != "0" {
		return fmt.Errorf("the books do not balance: %v, expected money %s and no seats lost", a.rows, money)
	}
	m.snapshots.Add(1)
	return nil
}
