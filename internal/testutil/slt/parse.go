package slt

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind tells what a record is.
type Kind int

// The kinds of records.
const (
	Statement Kind = iota
	Query
	// Threshold sets the number of values above which results are hashed.
	Threshold
	// Halt ends the file.
	Halt
)

// Condition limits a record to some databases.
type Condition struct {
	// Only is onlyif, else skipif.
	Only bool
	Name string
}

// Record is one entry of a file.
type Record struct {
	Kind Kind
	// Line is the number, from 1, of its first line.
	Line       int
	Conditions []Condition
	SQL        string
	// Fails is statement error; Message is the SQLSTATE or text to expect, if any.
	Fails   bool
	Message string
	// Types, Sort and Label are a query's header.
	Types, Sort, Label string
	// Session names the session, "" the first.
	Session string
	// Expected are the lines after ----, of which Marker is the line number, 0
	// without one; End is the number of the line after the record.
	Expected    []string
	Marker, End int
	// N is the value of a threshold.
	N int
}

// File is a parsed file.
type File struct {
	Records []Record
	// Skip, if not "", says why the file cannot be run.
	Skip string
}

// refused are the directives that make a file unfit.
var refused = map[string]bool{
	"require": true, "require-env": true, "loop": true, "foreach": true, "concurrentloop": true, "concurrentforeach": true,
	"load": true, "restart": true, "reconnect": true, "unzip": true, "sleep": true, "set": true, "reset": true, "test-env": true,
	"tags": true, "template": true, "include": true, "continue": true,
}

// parser walks over a file's lines.
type parser struct {
	lines []string
	at    int
	file  *File
	conds []Condition
	// skipping is between mode skip and mode unskip.
	skipping bool
}

// Parse reads a file; an error names the line that is wrong.
func Parse(text string) (*File, error) {
	p := &parser{lines: strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), file: &File{}}
	for p.at < len(p.lines) {
		line := p.lines[p.at]
		f := strings.Fields(cutComment(line))
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			p.at++
			continue
		}
		if refused[f[0]] {
			p.file.Skip = fmt.Sprintf("line %d: %s", p.at+1, line)
			return p.file, nil
		}
		r := Record{Line: p.at + 1, Conditions: p.conds}
		if err := p.record(&r, f); err != nil {
			return nil, fmt.Errorf("line %d: %w", r.Line, err)
		}
	}
	return p.file, nil
}

// cutComment removes what follows a # behind a directive.
func cutComment(line string) string {
	if at := strings.Index(line, " #"); at > 0 {
		return line[:at]
	}
	return line
}

// record reads the directive f at the current line and what belongs to it.
func (p *parser) record(r *Record, f []string) error {
	switch f[0] {
	case "skipif", "onlyif":
		if len(f) < 2 {
			return fmt.Errorf("%s without a name", f[0])
		}
		// A new slice: earlier records keep theirs.
		p.conds = append(append([]Condition(nil), p.conds...), Condition{f[0] == "onlyif", f[1]})
		p.at++
		return nil
	case "mode":
		p.skipping = len(f) > 1 && f[1] == "skip"
		p.at++
		return nil
	case "halt":
		r.Kind = Halt
		p.at++
	case "hash-threshold":
		r.Kind = Threshold
		if len(f) < 2 {
			return fmt.Errorf("hash-threshold without a number")
		}
		n, err := strconv.Atoi(f[1])
		if err != nil {
			return err
		}
		r.N = n
		p.at++
	case "statement":
		if err := r.statement(f[1:]); err != nil {
			return err
		}
		p.body(r)
	case "query":
		r.query(f[1:])
		p.body(r)
	default:
		return fmt.Errorf("unknown directive %q", f[0])
	}
	p.conds = nil
	r.End = p.at + 1
	if !p.skipping {
		p.file.Records = append(p.file.Records, *r)
	}
	return nil
}

// statement reads the words after "statement".
func (r *Record) statement(f []string) error {
	if len(f) == 0 {
		return fmt.Errorf("statement without ok or error")
	}
	switch f[0] {
	case "ok", "maybe":
		if len(f) > 1 {
			r.Session = f[1]
		}
	case "error":
		r.Fails, r.Message = true, strings.Join(f[1:], " ")
	default:
		return fmt.Errorf("statement %s: want ok or error", f[0])
	}
	return nil
}

// query reads the words after "query".
func (r *Record) query(f []string) {
	r.Kind, r.Sort = Query, "nosort"
	if len(f) == 0 {
		return
	}
	r.Types = f[0]
	for _, w := range f[1:] {
		switch w {
		case "nosort", "rowsort", "valuesort":
			r.Sort = w
		default:
			if strings.HasPrefix(w, "con") {
				r.Session = w
			} else {
				r.Label = w
			}
		}
	}
}

// body reads the SQL and the expected lines, up to a blank line.
func (p *parser) body(r *Record) {
	p.at++
	var sql []string
	for ; p.at < len(p.lines) && strings.TrimSpace(p.lines[p.at]) != ""; p.at++ {
		if p.lines[p.at] == "----" {
			r.Marker = p.at + 1
			break
		}
		sql = append(sql, p.lines[p.at])
	}
	r.SQL = strings.Join(sql, "\n")
	if r.Marker == 0 {
		return
	}
	for p.at++; p.at < len(p.lines) && p.lines[p.at] != ""; p.at++ {
		r.Expected = append(r.Expected, p.lines[p.at])
	}
	if r.Fails && !r.copyIn() {
		r.Message = strings.Join(r.Expected, "\n")
	}
}

// copyIn reports a COPY FROM STDIN, whose lines after ---- are its input.
func (r *Record) copyIn() bool {
	sql := strings.ToUpper(r.SQL)
	return strings.HasPrefix(sql, "COPY ") && strings.Contains(sql, "FROM STDIN")
}
