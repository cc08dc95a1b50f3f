package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"htapdb/htap"
)

// parseInt reads a result of one number.
func parseInt(rows [][]string) (int64, error) {
	if len(rows) != 1 || len(rows[0]) == 0 {
		return 0, fmt.Errorf("expected one row, got %d", len(rows))
	}
	return strconv.ParseInt(rows[0][0], 10, 64)
}

// compare computes every question by both paths in one transaction each and
// shows the answers.
func (d *demo) compare(ctx context.Context) error {
	for _, q := range ofKind(d.queries, "live", "all") {
		if err := d.ask(ctx, q); err != nil {
			return err
		}
	}
	d.c.println("")
	return nil
}

// ask computes one question by both paths and shows the answer.
func (d *demo) ask(ctx context.Context, q query) error {
	var a answer
	err := d.c.step(q.title, func(phase func(string)) (result string, err error) {
		a, err = both(ctx, d.s, q, func(path string) { phase("by the " + path + " path") })
		return fmt.Sprintf("columns %s, rows %s: the same", span(a.byColumn), span(a.byRow)), err
	})
	if err != nil {
		return err
	}
	d.checks++
	if err := checkBooks(d.m, a); err != nil {
		return err
	}
	for i, line := range a.table() {
		if i == 0 {
			line = d.c.style(dim, line)
		}
		d.c.println("  %s", line)
	}
	return nil
}

// models trains the models, predicts for one departure inside a transaction and
// for all flights in a query.
func (d *demo) models(ctx context.Context) error {
	for _, s := range steps(modelsSQL) {
		err := d.c.step(s.title, func(func(string)) (string, error) {
			for _, sql := range s.statements {
				if _, err := d.s.Exec(ctx, sql); err != nil {
					return "", fmt.Errorf("%s: %w", s.title, err)
				}
			}
			return d.metrics(ctx, s.title[strings.LastIndexByte(s.title, ' ')+1:])
		})
		if err != nil {
			return err
		}
	}
	if err := d.predictOne(ctx); err != nil {
		return err
	}
	for _, q := range ofKind(d.queries, "model") {
		if err := d.ask(ctx, q); err != nil {
			return err
		}
	}
	d.c.println("")
	return nil
}

// metrics describes a model by its row in ml.models.
func (d *demo) metrics(ctx context.Context, model string) (string, error) {
	_, rows, err := collect(ctx, d.s, "SELECT algorithm, row_count, metrics FROM ml.models WHERE name = $1", model)
	if err != nil {
		return "", err
	}
	if len(rows) != 1 {
		return "", fmt.Errorf("model %s is not in ml.models", model)
	}
	m, err := parseMetrics(rows[0][2])
	if err != nil {
		return "", fmt.Errorf("model %s: %w", model, err)
	}
	quality := fmt.Sprintf("±%.1f minutes", m["rmse"])
	if accuracy, ok := m["accuracy"]; ok {
		quality = fmt.Sprintf("%.1f %% right", 100*accuracy)
	}
	return note("%s on %s flights: %s", strings.ReplaceAll(rows[0][0], "_", " "), group(rows[0][1]), quality)
}

// predictOne books a seat and asks for the departure's forecast in the same
// transaction, by both paths, and stores it in the booking.
func (d *demo) predictOne(ctx context.Context) error {
	q := ofKind(d.queries, "one")[0]
	return d.c.step("predict one in its transaction", func(func(string)) (result string, err error) {
		const seed = 2001
		o := &office{db: d.db, m: d.m, departures: 1000}
		o.bookings.Store(1 << 40) // above those of the writers
		o.payments.Store(1 << 40)
		w, err := newWriter(ctx, o, seed)
		if err != nil {
			return "", err
		}
		defer w.s.Close()
		book := w.book()
		id := o.bookings.Load()
		inner := book.do
		book.do = func(ctx context.Context) error {
			if err := inner(ctx); err != nil {
				return err
			}
			result, err = d.forecast(ctx, w.s, q, id)
			return err
		}
		if err := w.retry(ctx, book); err != nil {
			return "", err
		}
		d.checks++
		return result, nil
	})
}

// forecast predicts for the departure of a booking within the session's
// transaction and stores the forecast.
func (d *demo) forecast(ctx context.Context, s *htap.Session, q query, booking int64) (string, error) {
	_, rows, err := collect(ctx, s, "SELECT departure FROM bookings WHERE id = $1", booking)
	if err != nil {
		return "", err
	}
	departure, err := parseInt(rows)
	if err != nil {
		return "", err
	}
	var found [][][]string
	var cols []htap.Column
	for _, route := range []string{"row", "column"} {
		if _, err := s.Exec(ctx, "SET LOCAL htap.route = '"+route+"'"); err != nil {
			return "", err
		}
		var rows [][]string
		if cols, rows, err = collect(ctx, s, q.sql, departure); err != nil {
			return "", fmt.Errorf("%s by the %s path: %w", q.name, route, err)
		}
		found = append(found, rows)
	}
	if diff := difference(cols, found[0], found[1]); diff != "" || len(found[0]) != 1 {
		return "", fmt.Errorf("%s: the paths differ: %s", q.name, diff)
	}
	r := found[0][0]
	minutes, err := strconv.ParseFloat(r[3], 64)
	if err != nil {
		return "", err
	}
	late, err := strconv.ParseFloat(r[4], 64)
	if err != nil {
		return "", err
	}
	if _, err := s.Exec(ctx, "UPDATE bookings SET expected_delay = $2 WHERE id = $1", booking, minutes); err != nil {
		return "", err
	}
	return note("%s–%s %s: %.1f minutes, %.0f %% to be late", r[0], r[1], strings.TrimSuffix(r[2][len("2001-06-29 "):], ":00"), minutes, 100*late)
}

// exportFile is the Parquet file that the demo writes.
const exportFile = "routes.parquet"

// export writes a result to Parquet, reads it back and compares.
func (d *demo) export(ctx context.Context) error {
	q := ofKind(d.queries, "export")[0]
	sql := strings.TrimSuffix(q.sql, ";")
	return d.c.step("export "+exportFile+", read it back", func(phase func(string)) (string, error) {
		if _, err := d.s.Exec(ctx, "COPY ("+sql+") TO '"+exportFile+"' (FORMAT parquet)"); err != nil {
			return "", err
		}
		info, err := os.Stat(filepath.Join(d.files, exportFile))
		if err != nil {
			return "", err
		}
		phase("reading it")
		cols, want, err := collect(ctx, d.s, sql)
		if err != nil {
			return "", err
		}
		_, got, err := collect(ctx, d.s, "SELECT * FROM '"+exportFile+"' ORDER BY origin, destination")
		if err != nil {
			return "", err
		}
		if len(want) == 0 {
			return "", errors.New("the exported result is empty")
		}
		if diff := difference(cols, want, got); diff != "" {
			return "", fmt.Errorf("%s differs from the query: %s", exportFile, diff)
		}
		d.checks++
		return note("%s rows in %s: the same", groupInt(len(got)), htap.FormatBytes(info.Size()))
	})
}

// checkTables compares both copies of every row of every table.
func (d *demo) checkTables(ctx context.Context) error {
	for _, t := range tables {
		err := d.c.step("check table "+t, func(func(string)) (string, error) {
			_, rows, err := collect(ctx, d.s, "CHECK TABLE "+t)
			if err != nil {
				return "", err
			}
			if len(rows) != 1 || rows[0][3] != "ok" {
				return "", fmt.Errorf("CHECK TABLE %s: %v", t, rows)
			}
			d.checks++
			return note("%s rows: both copies are the same", group(rows[0][1]))
		})
		if err != nil {
			return err
		}
	}
	d.c.println("")
	d.c.println("%s checks passed in %s", groupInt(d.checks), span(time.Since(d.began)))
	return nil
}
