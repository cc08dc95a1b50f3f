package demo

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"htapdb/sql/parser"
)

// data are the files that the demo imports, and their README.
//
//go:embed data
var data embed.FS

//go:embed schema.sql
var schemaSQL string

//go:embed queries.sql
var queriesSQL string

//go:embed models.sql
var modelsSQL string

// step is a named part of a script.
type step struct {
	title      string
	statements []string
}

// query is a question of queries.sql.
type query struct {
	// kind is live, all or model.
	kind, name, title, sql string
}

// mark begins a line of a script that names what follows.
const mark = "-- @"

// steps reads a script whose marks are the titles of its steps.
func steps(text string) []step {
	var out []step
	for _, part := range strings.Split("\n"+text, "\n"+mark)[1:] {
		title, body, _ := strings.Cut(part, "\n")
		complete, _ := parser.Split(body)
		out = append(out, step{title: strings.TrimSpace(title), statements: complete})
	}
	return out
}

// queries reads queries.sql.
func queries() ([]query, error) {
	var out []query
	for _, s := range steps(queriesSQL) {
		head, title, ok := strings.Cut(s.title, ": ")
		kind, name, ok2 := strings.Cut(head, " ")
		if !ok || !ok2 || len(s.statements) != 1 {
			return nil, fmt.Errorf("queries.sql: %q is not the head of one statement", s.title)
		}
		out = append(out, query{kind: kind, name: name, title: title, sql: strings.TrimSpace(s.statements[0])})
	}
	return out, nil
}

// ofKind are the queries of the kinds.
func ofKind(all []query, kinds ...string) []query {
	var out []query
	for _, q := range all {
		for _, k := range kinds {
			if q.kind == k {
				out = append(out, q)
			}
		}
	}
	return out
}

// unpack writes the embedded files to dir, where the database may read them.
func unpack(dir string) error {
	return fs.WalkDir(data, "data", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := data.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, filepath.Base(path)), b, 0o600)
	})
}
