package exact

import (
	"bufio"
	"encoding/csv"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"htapdb/internal/testutil"
)

// nistSet is one of NIST's Statistical Reference Datasets for linear regression.
type nistSet struct {
	y                    []float64
	x                    []Column // without the constant
	coefficients, errors []float64
	residual             float64
}

// loadNIST reads a set; of polynomial sets the powers of x up to degree.
func loadNIST(t *testing.T, name string, degree int) *nistSet {
	t.Helper()
	f, err := os.Open(testutil.Shared(t, "data", "nist", name+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := bufio.NewReader(f)
	head, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`certified coefficients: \[([^\]]*)\]; standard errors: \[([^\]]*)\]; residual sum of squares: (\S+)`).FindStringSubmatch(head)
	if m == nil {
		t.Fatalf("no certified values in %q", head)
	}
	number := func(text string) float64 {
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	s := &nistSet{residual: number(m[3])}
	for _, text := range strings.Fields(m[1]) {
		s.coefficients = append(s.coefficients, number(text))
	}
	for _, text := range strings.Fields(m[2]) {
		s.errors = append(s.errors, number(text))
	}
	records, err := csv.NewReader(r).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	s.x = make([]Column, max(degree, len(records[0])-1))
	for _, rec := range records[1:] {
		s.y = append(s.y, number(rec[0]))
		for i := range s.x {
			var x DD
			if degree > 1 {
				x = FromFloat(number(rec[1])).Pow(i + 1)
			} else {
				x = FromFloat(number(rec[i+1]))
			}
			s.x[i].Hi, s.x[i].Lo = append(s.x[i].Hi, x.Hi), append(s.x[i].Lo, x.Lo)
		}
	}
	return s
}

// digits is the number of correct digits (log relative error), those after the
// point where the certified value is 0.
func digits(got, want float64) float64 {
	if got == want {
		return 16
	}
	if want == 0 {
		return -math.Log10(math.Abs(got))
	}
	return -math.Log10(math.Abs(got-want) / math.Abs(want))
}

// gramOf is the matrix of the constant, x and y; terms are those of x.
func gramOf(x []Column, y []float64) (g *Gram, terms []int) {
	ones := make([]float64, len(y))
	for i := range ones {
		ones[i] = 1
	}
	cols := append([]Column{{Hi: ones}}, x...)
	g = NewGram(len(x) + 2)
	g.Add(&Block{Rows: len(y), Right: append(cols, Column{Hi: y})})
	for i := range x {
		terms = append(terms, i+1)
	}
	return g, terms
}

// solve fits y on x.
func solve(t testing.TB, g *Gram, q *Request) (*System, *Factor, *Solution, *Inverse) {
	t.Helper()
	s, err := g.System(q)
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.Factor(q.Check)
	if err != nil {
		t.Fatal(err)
	}
	inverse, err := f.Inverse()
	if err != nil {
		t.Fatal(err)
	}
	return s, f, f.Solve(nil), inverse
}

// Coefficients, standard errors and the residual sum of squares have 13 of the
// 15 certified digits at least.
func TestNIST(t *testing.T) {
	const wanted = 13
	for _, c := range []struct {
		name     string
		constant bool
		degree   int
	}{
		{"longley", true, 1}, {"norris", true, 1}, {"noint1", false, 1}, {"noint2", false, 1},
		{"wampler1", true, 5}, {"wampler2", true, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := loadNIST(t, c.name, c.degree)
			g, terms := gramOf(set.x, set.y)
			_, f, r, inverse := solve(t, g, &Request{Terms: terms, Target: len(terms) + 1, Centred: c.constant})
			got, roots := r.Coefficients, inverse.Roots
			if c.constant {
				got, roots = append([]float64{r.Intercept}, got...), append([]float64{f.PointRoot(make([]float64, len(terms)))}, roots...)
			}
			if len(got) != len(set.coefficients) || f.Rank() != len(terms) {
				t.Fatalf("%d coefficients of rank %d, want %d", len(got), f.Rank(), len(set.coefficients))
			}
			sigma := r.Residual / math.Sqrt(float64(len(set.y)-len(got)))
			worst := 16.0
			for i := range got {
				if d := digits(got[i], set.coefficients[i]); d < wanted {
					t.Errorf("coefficient %d = %v, certified %v: %.1f digits", i, got[i], set.coefficients[i], d)
				} else {
					worst = min(worst, d)
				}
				if d := digits(sigma*roots[i], set.errors[i]); d < wanted {
					t.Errorf("standard error %d = %v, certified %v: %.1f digits", i, sigma*roots[i], set.errors[i], d)
				} else {
					worst = min(worst, d)
				}
			}
			if d := digits(r.Residual*r.Residual, set.residual); d < wanted {
				t.Errorf("residual sum of squares %v, certified %v: %.1f digits", r.Residual*r.Residual, set.residual, d)
			} else {
				worst = min(worst, d)
			}
			condition, err := f.Condition()
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%.1f digits at least, condition number %.3g", worst, condition)
		})
	}
}
