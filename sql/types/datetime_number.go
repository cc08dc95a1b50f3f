package types

import (
	"math"
	"strconv"
	"strings"
)

// wordField decodes a word, with or without a sign.
func (dt *datetime) wordField(fields []textField, i int, unit *int) (partSet, error) {
	s := fields[i].text
	if a, ok := lookupAbbreviation(s); ok {
		if a.loc != nil {
			dt.zone, dt.named = ZoneRef{loc: a.loc, abbrev: s}, true
		} else {
			dt.offset = a.offset
		}
		return zonePart, nil
	}
	w, ok := dateWords[s]
	if !ok {
		return zonePart, dt.namedField(s)
	}
	switch w.class {
	case monthWord:
		return dt.monthField(w.value)
	case weekdayWord:
		return weekdayPart, nil
	case meridiemWord:
		dt.meridiem = w.value
		return meridiemPart, nil
	case eraWord:
		dt.bc = w.value == 1
		return eraPart, nil
	case summerWord:
		dt.offset += 3600
		return summerPart, nil
	case unitWord:
		*unit = w.value
	case timeWord:
		// The next field has to be a time, perhaps without colons or with its zone.
		if !dt.clock && !dt.has(dateParts) || i == len(fields)-1 || fields[i+1].kind > timeField {
			return 0, errSyntax
		}
		*unit = w.value
	case relativeWord:
		if dt.clock && w.value != wordNow {
			return 0, errSyntax
		}
		return dt.setNow(w.value)
	case midnightWord:
		dt.epoch = false
		dt.hour, dt.minute, dt.second, dt.fraction, dt.offset = 0, 0, 0, 0, 0
		return timeParts | zonePart, nil
	case epochWord:
		if dt.clock {
			return 0, errSyntax
		}
		dt.epoch = true
	case infinityWord:
		return 0, errInfinity
	}
	return 0, nil
}

// monthField takes a month's name; a number read as the month before was the day.
func (dt *datetime) monthField(month int) (partSet, error) {
	if dt.clock {
		return 0, errSyntax
	}
	got := monthPart
	if dt.has(monthPart) && !dt.textName && !dt.has(dayPart) && dt.month >= 1 && dt.month <= 31 {
		dt.day, got = dt.month, dayPart
	}
	dt.month, dt.textName = month, true
	return got, nil
}

// unitField decodes a number that a word announced: y2001, j2451187, t040506.
func (dt *datetime) unitField(s string, unit int) (partSet, error) {
	v, rest, n := leadingInt(s)
	if n > 9 {
		return 0, errRange
	}
	if rest != "" && (rest[0] != '.' || unit != unitJulian && unit != unitTime && unit != unitSecond) {
		return 0, errSyntax
	}
	switch unit {
	case unitYear:
		dt.year = v
		return yearPart, nil
	case unitMonth:
		if dt.has(monthPart | hourPart) {
			dt.minute = v
			return minutePart, nil
		}
		dt.month = v
		return monthPart, nil
	case unitDay:
		dt.day = v
		return dayPart, nil
	case unitHour:
		dt.hour = v
		return hourPart, nil
	case unitMinute:
		dt.minute = v
		return minutePart, nil
	case unitSecond:
		dt.second = v
		if rest != "" {
			us, err := decodeFraction(rest)
			dt.fraction = us
			return secondPart, err
		}
		return secondPart, nil
	case unitJulian:
		dt.setJulian(int64(v))
		if rest == "" {
			return dateParts, nil
		}
		part, err := strconv.ParseFloat("0"+rest, 64)
		if err != nil {
			return 0, errSyntax
		}
		us := int64(part * float64(MicrosPerDay))
		dt.hour, dt.minute, dt.second = int(us/MicrosPerHour), int(us/MicrosPerMinute%60), int(us/MicrosPerSecond%60)
		dt.fraction = us % MicrosPerSecond
		return dateParts | timeParts, nil
	case unitTime:
		got, err := dt.runTogether(s, dt.parts|dateParts)
		if err == nil && got != timeParts {
			err = errSyntax
		}
		return got, err
	}
	return 0, errSyntax
}

// plainNumber decodes a number that nothing announced.
func (dt *datetime) plainNumber(fields []textField, i int) (partSet, error) {
	s := fields[i].text
	point := strings.IndexByte(s, '.')
	if dt.clock {
		switch {
		case point >= 0 && i == 0 && len(fields) >= 2 && fields[len(fields)-1].kind == dateField:
			return dt.joinedDate(s)
		case point > 2, point < 0 && len(s) > 4:
			return dt.runTogether(s, dt.parts|dateParts)
		case point >= 0:
			return 0, errSyntax
		}
		return dt.number(s, false, dt.parts|dateParts)
	}
	switch {
	case point >= 0 && dt.parts&dateParts == 0:
		return dt.joinedDate(s)
	case point > 2, point < 0 && len(s) >= 6 && (dt.parts&dateParts == 0 || dt.parts&timeParts == 0):
		return dt.runTogether(s, dt.parts)
	}
	return dt.number(s, dt.textName, dt.parts)
}

// number decides what a number of a date is, by what the text has given so far,
// and by the session's order where a year is not clear from its digits.
func (dt *datetime) number(s string, textName bool, given partSet) (partSet, error) {
	v, rest, n := leadingInt(s)
	switch {
	case n > 10 || n == 10 && s[:10] > "2147483647":
		return 0, errRange
	case rest != "":
		if n > 2 {
			return dt.runTogether(s, given|dateParts)
		}
		us, err := decodeFraction(rest)
		if err != nil {
			return 0, err
		}
		dt.fraction = us
	}
	if len(s) == 3 && given&dateParts == yearPart && v >= 1 && v <= 366 {
		dt.dayOfYear = v
		return dayOfYearPart | monthPart | dayPart, nil
	}
	long := len(s) >= 3
	order := func() DateOrder {
		if !long {
			dt.ordered = true
		}
		return dt.style.Date.Order
	}
	got := partSet(0)
	switch given & dateParts {
	case 0:
		switch o := order(); {
		case long || o == YearMonthDay:
			got = yearPart
		case o == DayMonthYear:
			got = dayPart
		default:
			got = monthPart
		}
	case yearPart, dayPart:
		got = monthPart
	case monthPart:
		got = dayPart
		if textName && (order() == YearMonthDay || long) {
			got = yearPart
		}
	case yearPart | monthPart:
		got = dayPart
		if textName && long && dt.twoDigit {
			// The first number was the day after all.
			dt.day, dt.year, dt.twoDigit = dt.year, v, false
			return dayPart, nil
		}
	case monthPart | dayPart:
		got = yearPart
	case dateParts:
		return dt.runTogether(s, given)
	}
	switch got {
	case yearPart:
		dt.year, dt.twoDigit = v, len(s) <= 2
	case monthPart:
		dt.month = v
	case dayPart:
		dt.day = v
	default:
		return 0, errSyntax
	}
	return got, nil
}

// runTogether decodes YYYYMMDD and YYMMDD, or with a date given hhmmss[.f] and hhmm.
func (dt *datetime) runTogether(s string, given partSet) (partSet, error) {
	if at := strings.IndexByte(s, '.'); at >= 0 {
		f, err := strconv.ParseFloat("0"+s[at:], 64)
		if err != nil {
			return 0, errSyntax
		}
		dt.fraction = int64(math.RoundToEven(f * 1e6))
		s = s[:at]
	} else if given&dateParts != dateParts && len(s) >= 6 {
		year, day, month := s[:len(s)-4], s[len(s)-2:], s[len(s)-4:len(s)-2]
		v, err := strconv.Atoi(year)
		if err != nil || v > maxInt32 {
			return 0, errRange
		}
		dt.year, dt.month, dt.day = v, twoDigits(month), twoDigits(day)
		dt.twoDigit = len(year) == 2
		return dateParts, nil
	}
	if given&timeParts == timeParts || len(s) != 4 && len(s) != 6 {
		return 0, errSyntax
	}
	dt.hour, dt.minute, dt.second = twoDigits(s), twoDigits(s[2:]), 0
	if len(s) == 6 {
		dt.second = twoDigits(s[4:])
	}
	return timeParts, nil
}

func twoDigits(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }
