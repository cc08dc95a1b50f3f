package fn

import (
	"math"
	"strconv"
	"strings"

	"htapdb/sql/types"
	"htapdb/vector"
)

// numberFormatFunctions are to_char of numbers.
func numberFormatFunctions() []overload {
	const txt = types.Text
	text := func(k types.Kind, kernel Kernel) overload {
		return overload{name: "to_char", args: []types.Kind{k, txt}, result: txt, bound: templateBytes, kernel: kernel}
	}
	return []overload{
		text(types.Int4, try2(func(v int32, f string) (string, error) {
			return formatInteger(f, int64(v), math.MinInt32, math.MaxInt32, types.Int4)
		})),
		text(types.Int8, try2(func(v int64, f string) (string, error) {
			return formatInteger(f, v, math.MinInt64, math.MaxInt64, types.Int8)
		})),
		text(types.Float4, try2(func(v float32, f string) (string, error) { return formatFloat(f, float64(v), float4Digits) })),
		text(types.Float8, try2(func(v float64, f string) (string, error) { return formatFloat(f, v, float8Digits) })),
		{name: "to_char", args: []types.Kind{types.Numeric, txt}, result: txt, bound: templateBytes, bind: func(b *binding) error {
			scale := int(b.Args[0].Scale)
			b.Kernel = func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
				ma, mf := step(args[0]), step(args[1])
				return eachRow(sel, n, func(i int) (err error) {
					v := int128At(args[0], i&ma)
					out.Str[i], err = formatNumeric(args[1].Str[i&mf], string(types.AppendNumeric(nil, v, scale)))
					return err
				})
			}
			return nil
		}},
	}
}

// The decimal digits that a float holds for certain.
const (
	float4Digits = 6
	float8Digits = 15
)

// formatInteger writes an integer between lo and hi by a template.
//
// Errors: 22003 the digits of V take it out of its range.
func formatInteger(format string, v, lo, hi int64, k types.Kind) (string, error) {
	t, err := parseNumberTemplate(format)
	switch {
	case err != nil || format == "":
		return "", err
	case t.roman:
		return t.layOut(romanNumber(v), true), nil
	case t.exponent && k == types.Int4:
		return t.layOut(scientific(float64(v), t.decimals), false), nil
	case t.exponent:
		return formatNumeric(format, strconv.FormatInt(v, 10))
	}
	l := t.layout()
	for range t.shift {
		if v > hi/10 || v < lo/10 {
			return "", outOfRange(k)
		}
		v *= 10
	}
	digits := strconv.FormatInt(v, 10)
	digits, neg := strings.CutPrefix(digits, "-")
	if t.decimals > 0 {
		digits += "." + strings.Repeat("0", t.decimals)
	}
	return l.number(digits, neg)
}

// formatFloat writes a float by a template; it shows no more digits than the
// type holds.
func formatFloat(format string, v float64, precision int) (string, error) {
	t, err := parseNumberTemplate(format)
	special := math.IsNaN(v) || math.IsInf(v, 0)
	switch {
	case err != nil || format == "":
		return "", err
	case t.roman && special:
		return t.layOut(strings.Repeat("#", romanWidth), true), nil
	case t.roman:
		return t.layOut(romanNumber(int64(min(max(math.RoundToEven(v), -1), math.MaxInt32))), true), nil
	case t.exponent && special:
		return t.noExponent(), nil
	case t.exponent:
		return t.layOut(scientific(v, t.decimals), false), nil
	}
	v *= math.Pow10(t.shift)
	l := t.layout()
	if special {
		return l.number(specialNumber(v), math.Signbit(v) && !math.IsNaN(v))
	}
	whole := len(strconv.FormatFloat(math.Abs(v), 'f', 0, 64))
	l.decimals = min(t.decimals, max(precision-whole, 0))
	digits, neg := strings.CutPrefix(strconv.FormatFloat(v, 'f', l.decimals, 64), "-")
	return l.number(digits, neg)
}

// specialNumber is how a number that is none is spelled, without its sign.
func specialNumber(v float64) string {
	if math.IsNaN(v) {
		return "nan"
	}
	return "inf"
}

// formatNumeric writes a decimal number by a template.
func formatNumeric(format, number string) (string, error) {
	t, err := parseNumberTemplate(format)
	if err != nil || format == "" {
		return "", err
	}
	digits, neg := strings.CutPrefix(number, "-")
	whole, frac, _ := strings.Cut(digits, ".")
	switch {
	case t.roman:
		n, err := strconv.ParseInt(strings.TrimLeft(roundDigits(whole, frac, 0), "0"), 10, 32)
		if err != nil || neg {
			n = 0
		}
		return t.layOut(romanNumber(n), true), nil
	case t.exponent:
		return t.layOut(scientificDigits(whole, frac, neg, t.decimals), false), nil
	}
	if t.shift > 0 {
		frac += strings.Repeat("0", max(t.shift-len(frac), 0))
		whole, frac = whole+frac[:t.shift], frac[t.shift:]
	}
	l := t.layout()
	rounded := roundDigits(whole, frac, t.decimals)
	whole, frac = rounded[:len(rounded)-t.decimals], rounded[len(rounded)-t.decimals:]
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if strings.Trim(rounded, "0") == "" {
		neg = false
	}
	if t.decimals > 0 {
		whole += "." + frac
	}
	return l.number(whole, neg)
}

// roundDigits joins the digits with exactly places decimals, rounded half away from zero.
func roundDigits(whole, frac string, places int) string {
	for len(frac) < places {
		frac += "0"
	}
	d := []byte("0" + whole + frac[:places])
	if len(frac) > places && frac[places] >= '5' {
		for i := len(d) - 1; i >= 0; i-- {
			if d[i]++; d[i] <= '9' {
				break
			}
			d[i] = '0'
		}
	}
	return string(d)
}

// scientific is v as d.ddde+dd, with a blank for the sign of one that is not negative.
func scientific(v float64, decimals int) string {
	s := strconv.FormatFloat(v, 'e', decimals, 64)
	if s[0] != '-' {
		return " " + s
	}
	return s
}

// scientificDigits is scientific for a decimal number, rounded half away from zero.
func scientificDigits(whole, frac string, neg bool, decimals int) string {
	digits := strings.TrimLeft(whole+frac, "0")
	exponent := len(digits) - len(frac) - 1
	if digits == "" {
		digits, exponent = "0", 0
	}
	rounded := roundDigits(digits[:1], digits[1:], decimals)
	whole, frac = rounded[:len(rounded)-decimals], rounded[len(rounded)-decimals:]
	s := " "
	if neg {
		s = "-"
	}
	s += whole[len(whole)-1-int(b2u(whole[0] != '0')):] // 9.99 is 10.0e+00, as PostgreSQL writes it
	if decimals > 0 {
		s += "." + frac
	}
	sign := "+"
	if exponent < 0 {
		sign, exponent = "-", -exponent
	}
	s += "e" + sign
	if exponent < 10 {
		s += "0"
	}
	return s + strconv.Itoa(exponent)
}

// noExponent is what a number that is none looks like by a template with EEEE.
func (t *numberTemplate) noExponent() string {
	// A blank for the sign, #.## and the room of the exponent.
	b := []byte(" " + strings.Repeat("#", t.whole+t.decimals+5))
	b[t.whole+1] = '.'
	return string(b)
}

// romanWidth is the length of the longest Roman numeral below 4000.
const romanWidth = 15

// romanNumber is v in Roman numerals; those have no zero and end before 4000.
func romanNumber(v int64) string {
	if v < 1 || v > 3999 {
		return strings.Repeat("#", romanWidth)
	}
	var b strings.Builder
	for _, r := range []struct {
		v    int64
		text string
	}{
		{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"},
	} {
		for ; v >= r.v; v -= r.v {
			b.WriteString(r.text)
		}
	}
	return b.String()
}
