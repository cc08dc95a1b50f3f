package fn

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"htapdb/sql/types"
)

// nistSet is one of NIST's Statistical Reference Datasets for univariate summary
// statistics, with the certified values.
type nistSet struct {
	name         string
	values       []string
	mean, stddev float64
	// digits is how many digits of the standard deviation the values keep as doubles:
	// 10000000.1 has none beyond the ninth decimal.
	digits float64
}

// nistSets are those that are formulae, and Michelson's measurements of the speed of light.
func nistSets() []nistSet {
	alternating := func(first, a, b string) []string {
		out := []string{first}
		for range 500 {
			out = append(out, a, b)
		}
		return out
	}
	var michelson []string
	for _, v := range strings.Fields(`
		850 740 900 1070 930 850 950 980 980 880 1000 980 930 650 760 810 1000 1000 960 960
		960 940 960 940 880 800 850 880 900 840 830 790 810 880 880 830 800 790 760 800
		880 880 880 860 720 720 620 860 970 950 880 910 850 870 840 840 850 840 840 840
		890 810 810 820 800 770 760 740 750 760 910 920 890 860 880 720 840 850 850 780
		890 840 780 810 760 810 790 810 820 850 870 870 810 740 810 940 950 800 810 870`) {
		n, _ := strconv.Atoi(v)
		michelson = append(michelson, strconv.FormatFloat(float64(299000+n)/1000, 'f', 3, 64))
	}
	return []nistSet{
		{"Michelso", michelson, 299.852400000000, 0.0790105478190518, 13},
		{"NumAcc1", []string{"10000001", "10000003", "10000002"}, 10000002, 1, 15},
		{"NumAcc2", alternating("1.2", "1.1", "1.3"), 1.2, 0.1, 15},
		{"NumAcc3", alternating("1000000.2", "1000000.1", "1000000.3"), 1000000.2, 0.1, 9},
		{"NumAcc4", alternating("10000000.2", "10000000.1", "10000000.3"), 10000000.2, 0.1, 8},
	}
}

// correctDigits is how many digits of x agree with those of want (NIST's LRE), at most 15.
func correctDigits(x, want float64) float64 {
	if x == want {
		return 15
	}
	return min(15, -math.Log10(math.Abs(x-want)/math.Abs(want)))
}

// The certified values of NIST's univariate sets: of NUMERIC all digits, of DOUBLE
// PRECISION those that the values have when they are stored.
func TestNISTUnivariate(t *testing.T) {
	for _, set := range nistSets() {
		for typ, digits := range map[types.Type]float64{types.TFloat8: set.digits, types.TNumeric(20, 3): 14.9} {
			v := column(t, typ, set.values...)
			mean, _, err := aggregateOf(t, "avg", v)
			if got := correctDigits(mean.Float(), set.mean); err != nil || got < 14.9 {
				t.Errorf("%s, %s: mean %v has %.1f digits of %v, %v", set.name, typ, mean.Float(), got, set.mean, err)
			}
			stddev, _, err := aggregateOf(t, "stddev_samp", v)
			// The certified values have 15 digits, of which the last is rounded.
			got := correctDigits(stddev.Float(), set.stddev)
			if err != nil || got < min(digits, 14) {
				t.Errorf("%s, %s: standard deviation %v has %.1f digits of %v, %v", set.name, typ, stddev.Float(), got, set.stddev, err)
			}
			t.Logf("%s, %s: %.1f and %.1f digits", set.name, typ, correctDigits(mean.Float(), set.mean), got)
			if want, root := newModel(v, v).value("stddev_samp"); stddev.Float() != nearestDouble(want, root) {
				t.Errorf("%s, %s: standard deviation %v is not the nearest double to that of the stored values", set.name, typ, stddev.Float())
			}
		}
	}
}
