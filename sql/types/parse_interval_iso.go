package types

import (
	"math"
	"strconv"
	"strings"
)

// isoScan is the state of reading an ISO 8601 duration.
type isoScan struct {
	s string
	a *span
}

// number takes a signed decimal number.
func (p *isoScan) number() (v int64, f float64, err error) {
	i := 0
	for i < len(p.s) && (isDigit(p.s[i]) || p.s[i] == '.' || i == 0 && (p.s[i] == '-' || p.s[i] == '+')) {
		i++
	}
	text := p.s[:i]
	p.s = p.s[i:]
	if strings.Trim(text, "+-.") == "" {
		return 0, 0, errSyntax
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, 0, errSyntax
	}
	if math.Abs(x) > math.MaxInt32 {
		return 0, 0, errRange
	}
	whole := math.Trunc(x)
	return int64(whole), x - whole, nil
}

// decodeISO reads P1Y2M3W4DT5H6M7.8S and the alternative forms
// P0001-02-03T04:05:06 and P00010203T040506.
func (a *span) decodeISO(s string) error {
	if len(s) < 2 || s[0] != 'P' {
		return errSyntax
	}
	p := isoScan{s: s[1:], a: a}
	inTime, any := false, false
	for p.s != "" {
		if p.s[0] == 'T' {
			inTime, any = true, false
			p.s = p.s[1:]
			continue
		}
		width := len(p.s) - len(strings.TrimLeft(strings.TrimPrefix(p.s, "-"), "0123456789"))
		v, f, err := p.number()
		if err != nil {
			return err
		}
		unit := byte(0)
		if p.s != "" {
			unit = p.s[0]
		}
		u := isoUnit(unit, inTime)
		if u != noUnit {
			p.s = p.s[1:]
			any = true
			if err := a.add(v, f, u); err != nil {
				return err
			}
			continue
		}
		if any {
			return errSyntax
		}
		if inTime {
			return p.clock(v, f, width)
		}
		if err := p.date(v, f, width); err != nil {
			return err
		}
	}
	return nil
}

// isoUnit is the unit of a designator, noUnit for none.
func isoUnit(c byte, inTime bool) spanUnit {
	if inTime {
		return map[byte]spanUnit{'H': hourUnit, 'M': minuteUnit, 'S': secondUnit}[c]
	}
	return map[byte]spanUnit{'Y': yearUnit, 'M': monthUnit, 'W': weekUnit, 'D': dayUnit}[c]
}

// date reads the rest of an alternative date, up to T or the end.
func (p *isoScan) date(v int64, f float64, width int) error {
	if width == 8 && (p.s == "" || p.s[0] == 'T') {
		_ = p.a.add(v/10000, 0, yearUnit)
		_ = p.a.add(v/100%100, 0, monthUnit)
		return p.a.add(v%100, f, dayUnit)
	}
	return p.rest('-', 'T', []spanUnit{yearUnit, monthUnit, dayUnit}, v, f)
}

// clock reads the rest of an alternative time, up to the end.
func (p *isoScan) clock(v int64, f float64, width int) error {
	if width == 6 && p.s == "" {
		_ = p.a.add(v/10000, 0, hourUnit)
		_ = p.a.add(v/100%100, 0, minuteUnit)
		return p.a.add(v%100, f, secondUnit)
	}
	return p.rest(':', 0, []spanUnit{hourUnit, minuteUnit, secondUnit}, v, f)
}

// rest adds v and the numbers after it with the units in turn, between
// separators, until stop or the end.
func (p *isoScan) rest(separator, stop byte, units []spanUnit, v int64, f float64) error {
	for i, u := range units {
		if i > 0 {
			var err error
			if v, f, err = p.number(); err != nil {
				return err
			}
		}
		if err := p.a.add(v, f, u); err != nil {
			return err
		}
		if p.s == "" || p.s[0] == stop {
			return nil
		}
		if p.s[0] != separator {
			return errSyntax
		}
		p.s = p.s[1:]
	}
	return errSyntax
}
