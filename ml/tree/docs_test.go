package tree

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"htapdb/ml"
)

// optionTable renders the options of an estimator as docs/ml/trees.md has them.
func optionTable(info *ml.Info) string {
	var b strings.Builder
	b.WriteString("| option | default | values | |\n|---|---|---|---|\n")
	for _, o := range info.Options {
		values := "true, false"
		switch o.Kind {
		case ml.NumberOption, ml.IntegerOption:
			values = fmt.Sprintf("%.10g to %.10g", o.Min, o.Max)
			if o.Max >= 1e300 {
				values = fmt.Sprintf("%.10g or more", o.Min)
			}
			for _, word := range o.Choices {
				values += ", " + word
			}
		case ml.ChoiceOption:
			values = strings.Join(o.Choices, ", ")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", o.Name, o.Default, values, o.Help)
	}
	return b.String()
}

// The page has the tables that the estimators' Info makes.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/ml/trees.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []ml.Estimator{Boosted{}, Forest{}, Single{}} {
		if table := optionTable(e.Info()); !strings.Contains(string(page), table) {
			t.Errorf("docs/ml/trees.md lacks the table of %s:\n%s", e.Info().Name, table)
		}
		for _, name := range append(e.Info().Aliases, e.Info().Name) {
			if !strings.Contains(string(page), "`"+name+"`") {
				t.Errorf("docs/ml/trees.md does not name %s", name)
			}
		}
	}
}
