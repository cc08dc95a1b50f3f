package parser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"htapdb/internal/testutil"
)

func BenchmarkParse(b *testing.B) {
	files, _ := filepath.Glob(filepath.Join(testutil.Root(), "bench", "tpch", "queries", "q*.sql"))
	var tpch strings.Builder
	for _, path := range files {
		sql, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		tpch.Write(sql)
		tpch.WriteString(";\n")
	}
	for _, c := range []struct {
		name, sql  string
		statements int
	}{
		{"point", "SELECT a, b, c FROM accounts WHERE id = $1", 1},
		{"update", "UPDATE accounts SET balance = balance + $1 WHERE id = $2", 1},
		{"insert/rows=1000", "INSERT INTO t (a, b, c) VALUES (1, 'x', 1.5)" + strings.Repeat(", (1, 'x', 1.5)", 999), 1},
		{"tpch", tpch.String(), len(files)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.sql)))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				list, err := Parse(c.sql)
				if err != nil {
					b.Fatal(err)
				}
				n = len(list)
			}
			if n != c.statements {
				b.Fatalf("%d statements, want %d", n, c.statements)
			}
		})
	}
}

func BenchmarkFormat(b *testing.B) {
	s, err := ParseOne("SELECT a, sum(b * (1 - c)) AS x FROM t JOIN u ON t.k = u.k WHERE d > date '2024-01-01' AND e IN (1, 2) GROUP BY a ORDER BY x DESC LIMIT 10")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if Format(s.Stmt) == "" {
			b.Fatal("empty")
		}
	}
}
