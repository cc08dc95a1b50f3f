package slt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Status is the outcome's class.
type Status int

// The classes of outcomes.
const (
	Passed Status = iota
	// Skipped by a condition of the record.
	Skipped
	// Wrong is an answer, or a success, that differs from the expected one.
	Wrong
	// Failed is an error where none was expected, or another than the expected one.
	Failed
)

// Outcome is what became of a record.
type Outcome struct {
	Record *Record
	Status Status
	// Code is the SQLSTATE of the error that the statement gave, if any.
	Code string
	// Note describes a difference or an error.
	Note string
	// Rows is what a query gave, rendered; nil if it failed.
	Rows [][]string
}

// Runner runs files on a database.
type Runner struct {
	DB      DB
	Dialect Dialect
	// Timeout limits a record, 0 for not at all.
	Timeout time.Duration
	// Each, if set, sees every outcome; false ends the file.
	Each func(*Outcome) bool
	// labels are the results of labelled queries.
	labels map[string]string
}

// Run runs the records of a file one after the other and returns the number of
// outcomes by status.
func (x *Runner) Run(ctx context.Context, f *File) map[Status]int {
	x.labels = map[string]string{}
	counts := map[Status]int{}
	for i := range f.Records {
		r := &f.Records[i]
		if r.Kind == Threshold || r.Kind == Halt {
			if r.Kind == Halt && x.applies(r) {
				break
			}
			continue
		}
		o := &Outcome{Record: r, Status: Skipped}
		if x.applies(r) {
			x.record(ctx, o)
		}
		counts[o.Status]++
		if x.Each != nil && !x.Each(o) || ctx.Err() != nil {
			break
		}
	}
	return counts
}

// applies reports whether the conditions choose this database.
func (x *Runner) applies(r *Record) bool {
	for _, c := range r.Conditions {
		if slices.Contains(x.DB.Names(), c.Name) != c.Only {
			return false
		}
	}
	return true
}

// record runs one record.
func (x *Runner) record(ctx context.Context, o *Outcome) {
	r := o.Record
	if x.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, x.Timeout)
		defer cancel()
	}
	input := ""
	if r.copyIn() {
		input = strings.Join(r.Expected, "\n")
		if input != "" {
			input += "\n"
		}
	}
	res, err := x.DB.Query(ctx, r.Session, r.SQL, input)
	o.Status = Passed
	if err != nil {
		var coded interface{ SQLState() string }
		if errors.As(err, &coded) {
			o.Code = coded.SQLState()
		}
		o.Note = err.Error()
		if !r.Fails {
			o.Status = Failed
		} else if o.Code == "XX000" || !x.expected(r, o) {
			o.Status = Failed
		}
		return
	}
	if r.Fails {
		o.Status, o.Note = Wrong, "succeeded, want an error "+r.Message
		return
	}
	if r.Kind == Query {
		x.query(o, res)
	}
}

// expected reports whether an error is the one the record names. Messages of
// other systems' files are not compared.
func (x *Runner) expected(r *Record, o *Outcome) bool {
	if r.Message == "" || x.Dialect != Exact {
		return true
	}
	if len(r.Message) == 5 && strings.ToUpper(r.Message) == r.Message {
		return o.Code == r.Message
	}
	return strings.Contains(o.Note, r.Message)
}

// query compares a result with the expected one.
func (x *Runner) query(o *Outcome, res *Result) {
	r := o.Record
	o.Rows = rendered(x.Dialect, r, res)
	if len(r.Types) != res.Columns && x.Dialect != DuckDB {
		o.Status, o.Note = Wrong, fmt.Sprintf("%d columns, want %d", res.Columns, len(r.Types))
		return
	}
	if note := compare(x.Dialect, r, o.Rows); note != "" {
		o.Status, o.Note = Wrong, note
		return
	}
	if r.Label == "" || x.Dialect == DuckDB {
		return
	}
	h := hashed(values(o.Rows))
	if first, ok := x.labels[r.Label]; ok && first != h {
		o.Status, o.Note = Wrong, "another result than an earlier query of the label "+r.Label
	}
	x.labels[r.Label] = h
}
