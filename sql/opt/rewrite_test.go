package opt_test

import (
	"path/filepath"
	"strings"
	"testing"

	"htapdb/sql/binder/bindtest"
	"htapdb/sql/plan"
)

// TestRewrites shows plans before and after: testdata/rewrites has one file
// for each rewrite. The command plan shows the bound and the optimized plan, after the
// optimized one only, and off what is left with the optimizer disabled.
func TestRewrites(t *testing.T) {
	files, err := filepath.Glob("testdata/rewrites/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata (%v)", err)
	}
	c := catalog(t)
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			bindtest.Golden(t, f, func(t *testing.T, command, sql string) string {
				root := bind(t, c, sql)
				var out []string
				if command == "plan" {
					out = append(plan.Explain(root, nil), "=>")
				}
				return strings.Join(append(out, plan.Explain(optimize(t, root, command == "off"), nil)...), "\n")
			})
		})
	}
}
