package fn

import (
	"bytes"
	"strconv"
	"strings"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// numberFormatFunctions are to_char of numbers.
func numberFormatFunctions() []overload {
	const txt = types.Text
	text := func(k types.Kind, kernel Kernel) overload {
		return overload{name: "to_char", args: []types.Kind{k, txt}, result: txt, kernel: kernel}
	}
	return []overload{
		text(types.Int4, try2(func(v int32, f string) (string, error) { return formatNumber(f, strconv.Itoa(int(v))) })),
		text(types.Int8, try2(func(v int64, f string) (string, error) { return formatNumber(f, strconv.FormatInt(v, 10)) })),
		text(types.Float8, try2(func(v float64, f string) (string, error) {
			if v-v != 0 {
				return strconv.FormatFloat(v, 'g', -1, 64), nil
			}
			return formatNumber(f, strconv.FormatFloat(v, 'f', -1, 64))
		})),
		{name: "to_char", args: []types.Kind{types.Numeric, txt}, result: txt, bind: func(b *binding) error {
			scale := int(b.Args[0].Scale)
			b.Kernel = func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
				ma, mf := step(args[0]), step(args[1])
				return eachRow(sel, n, func(i int) (err error) {
					v := int128At(args[0], i&ma)
					out.Str[i], err = formatNumber(args[1].Str[i&mf], string(types.AppendNumeric(nil, v, scale)))
					return err
				})
			}
			return nil
		}},
	}
}

// numberTemplate is a parsed template of to_char.
type numberTemplate struct {
	fill    bool   // no FM
	items   []byte // '9' '0' ',' '.' 'S' 'M'(MI) 'P'(PL) 'G'(SG) 'R'(PR) '$' 'T'(TH) 't'(th) and '"' for text
	text    []string
	whole   int // digit places before the point
	decimal int // and after it
	signed  bool
}

// parseNumberTemplate reads a template.
func parseNumberTemplate(format string) (*numberTemplate, error) {
	t := &numberTemplate{fill: true}
	point := false
	for i := 0; i < len(format); {
		rest := strings.ToUpper(format[i:])
		add := func(item byte, n int) {
			t.items = append(t.items, item)
			i += n
		}
		switch {
		case strings.HasPrefix(rest, "FM"):
			t.fill = false
			i += 2
		case rest[0] == '9' || rest[0] == '0':
			if point {
				t.decimal++
			} else {
				t.whole++
			}
			add(rest[0], 1)
		case rest[0] == ',' || rest[0] == 'G':
			add(',', 1)
		case rest[0] == '.' || rest[0] == 'D':
			if point {
				return nil, sqlstate.New(sqlstate.SyntaxError, "multiple decimal points")
			}
			point = true
			add('.', 1)
		case strings.HasPrefix(rest, "MI"):
			t.signed = true
			add('M', 2)
		case strings.HasPrefix(rest, "PL"):
			t.signed = true
			add('P', 2)
		case strings.HasPrefix(rest, "SG"):
			t.signed = true
			add('G', 2)
		case strings.HasPrefix(rest, "PR"):
			t.signed = true
			add('R', 2)
		case strings.HasPrefix(rest, "TH"):
			add(format[i], 2)
		case rest[0] == 'S':
			t.signed = true
			add('S', 1)
		case rest[0] == 'L' || rest[0] == '$':
			add('$', 1)
		case rest[0] == '"':
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				end = len(rest) - 1
			}
			t.text = append(t.text, format[i+1:i+1+end])
			add('"', min(end+2, len(rest)))
		case rest[0] == 'V' || strings.HasPrefix(rest, "EEEE") || strings.HasPrefix(rest, "RN"):
			return nil, sqlstate.New(sqlstate.FeatureNotSupported, "to_char pattern \"%c\" is not supported for numbers", rest[0])
		default:
			t.text = append(t.text, format[i:i+1])
			add('"', 1)
		}
	}
	return t, nil
}

// formatNumber writes a decimal number by a template. Digits that do not fit show as #.
func formatNumber(format, number string) (string, error) {
	t, err := parseNumberTemplate(format)
	if err != nil {
		return "", err
	}
	neg := strings.HasPrefix(number, "-")
	whole, frac, _ := strings.Cut(strings.TrimPrefix(number, "-"), ".")
	digits := roundDigits(whole, frac, t.decimal)
	whole, frac = digits[:len(digits)-t.decimal], digits[len(digits)-t.decimal:]
	whole = strings.TrimLeft(whole, "0")
	if neg && strings.Trim(digits, "0") == "" {
		neg = false
	}
	if len(whole) > t.whole {
		whole, frac = strings.Repeat("#", t.whole), strings.Repeat("#", t.decimal)
	}
	return t.write(whole, frac, neg), nil
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

// write lays the digits out over the template.
func (t *numberTemplate) write(whole, frac string, neg bool) string {
	var out []byte
	if whole == "" && t.whole > 0 && bytes.IndexByte(t.items, '.') < 0 {
		whole = "0" // without decimals zero has a digit
	}
	// Places before the first digit or the first 0 of the template are blank.
	firstZero := t.whole
	place := 0
	for _, it := range t.items {
		if it == '.' {
			break
		}
		if it == '0' {
			firstZero = min(firstZero, place)
		}
		if it == '0' || it == '9' {
			place++
		}
	}
	start := min(t.whole-len(whole), firstZero)
	pad := func(c byte) {
		if t.fill {
			out = append(out, c)
		}
	}
	place, text, point := 0, 0, false
	started := false
	signAt := -1 // where a plain sign goes: before the first digit
	anchored := false
	mark := func() {
		if !started {
			started, signAt = true, len(out)
		}
	}
	for _, it := range t.items {
		switch it {
		case '9', '0':
			switch {
			case point:
				out = append(out, frac[place])
			case place >= start:
				mark()
				if k := place - (t.whole - len(whole)); k >= 0 {
					out = append(out, whole[k])
				} else {
					out = append(out, '0')
				}
			default:
				pad(' ')
			}
			place++
		case ',':
			if place > start && place > 0 {
				out = append(out, ',')
			} else {
				pad(' ')
			}
		case '.':
			mark()
			out = append(out, '.')
			point, place = true, 0
		case '"':
			out = append(out, t.text[text]...)
			text++
		case '$':
			out = append(out, '$')
		case 'S':
			if !started && place == 0 {
				anchored = true // S before the digits stands next to the first
				break
			}
			out = append(out, t.signText(it, neg, whole)...)
		default:
			out = append(out, t.signText(it, neg, whole)...)
		}
	}
	if !t.fill && point {
		out = t.trimDecimals(out)
	}
	if signAt < 0 {
		signAt = len(out)
	}
	return string(out[:signAt]) + t.leadingSign(neg, anchored) + string(out[signAt:])
}

// leadingSign is what stands directly before the first digit.
func (t *numberTemplate) leadingSign(neg, anchored bool) string {
	switch {
	case anchored && !neg:
		return "+"
	case bytes.IndexByte(t.items, 'R') >= 0 && neg:
		return "<"
	case neg && (anchored || !t.signed):
		return "-"
	case t.fill && (!t.signed || bytes.IndexByte(t.items, 'R') >= 0):
		return " "
	}
	return ""
}

// trimDecimals drops trailing zeros of 9 places, as FM asks for.
func (t *numberTemplate) trimDecimals(out []byte) []byte {
	keep, place, point := 0, 0, false
	for _, it := range t.items {
		switch {
		case it == '.':
			point = true
		case point && it == '0':
			place++
			keep = place
		case point && it == '9':
			place++
		}
	}
	at := strings.IndexByte(string(out), '.')
	end := at + 1 + place
	if at < 0 || end > len(out) {
		return out
	}
	cut := end
	for cut > at+1+keep && out[cut-1] == '0' {
		cut--
	}
	return append(out[:cut], out[end:]...)
}

// signText is what an explicit sign pattern shows.
func (t *numberTemplate) signText(item byte, neg bool, whole string) string {
	switch item {
	case 'S', 'G':
		if neg {
			return "-"
		}
		return "+"
	case 'M':
		if neg {
			return "-"
		}
		if t.fill {
			return " "
		}
	case 'P':
		if !neg {
			return "+"
		}
		if t.fill {
			return " "
		}
	case 'R':
		if neg {
			return ">"
		}
		if t.fill {
			return " "
		}
	case 'T', 't':
		n := int64(0)
		if len(whole) > 0 {
			n, _ = strconv.ParseInt(whole[max(0, len(whole)-2):], 10, 64)
		}
		if item == 'T' {
			return strings.ToUpper(ordinal(n))
		}
		return ordinal(n)
	}
	return ""
}
