package types

import (
	"strings"
	"time"

	"htapdb/sql/sqlstate"
)

// DateOutput is the layout in which dates and timestamps are written.
type DateOutput uint8

// The layouts of PostgreSQL's DateStyle.
const (
	ISODates      DateOutput = iota // 2005-04-03 10:20:00+02
	SQLDates                        // 04/03/2005 10:20:00 CEST
	PostgresDates                   // Sun Apr 03 10:20:00 2005 CEST
	GermanDates                     // 03.04.2005 10:20:00 CEST
)

// DateOrder is the order of the numbers in a date whose text does not tell.
type DateOrder uint8

// The orders of PostgreSQL's DateStyle.
const (
	MonthDayYear DateOrder = iota
	DayMonthYear
	YearMonthDay
)

// DateStyle is the session's setting of the same name; the zero value is "ISO, MDY".
type DateStyle struct {
	Output DateOutput
	Order  DateOrder
}

var (
	outputNames = [...]string{ISODates: "ISO", SQLDates: "SQL", PostgresDates: "Postgres", GermanDates: "German"}
	orderNames  = [...]string{MonthDayYear: "MDY", DayMonthYear: "DMY", YearMonthDay: "YMD"}
)

// String is what SHOW DateStyle prints: "ISO, MDY".
func (s DateStyle) String() string { return outputNames[s.Output] + ", " + orderNames[s.Order] }

// ParseDateStyle reads a value of SET DateStyle: a layout, an order or both, in any
// order and case. What the text leaves out stays as in old; German alone has
// the order DMY.
//
// Errors: 22023 for an unknown word or two that contradict.
func ParseDateStyle(text string, old DateStyle) (DateStyle, error) {
	out := old
	haveOutput, haveOrder := false, false
	bad := func(why, word string) (DateStyle, error) {
		return old, sqlstate.New(sqlstate.InvalidParameterValue, "invalid value for parameter \"DateStyle\": %q", text).WithDetail(why, word)
	}
	for _, word := range strings.Split(text, ",") {
		word = strings.ToLower(strings.Trim(word, " \t\n\r\"'"))
		output, order := out.Output, out.Order
		setOutput, setOrder := true, true
		switch {
		case word == "iso":
			output, setOrder = ISODates, false
		case word == "sql":
			output, setOrder = SQLDates, false
		case strings.HasPrefix(word, "postgres"):
			output, setOrder = PostgresDates, false
		case word == "german":
			output, setOrder = GermanDates, false
			if !haveOrder {
				order = DayMonthYear
			}
		case word == "ymd":
			order, setOutput = YearMonthDay, false
		case word == "dmy" || strings.HasPrefix(word, "euro"):
			order, setOutput = DayMonthYear, false
		case word == "mdy" || word == "us" || strings.HasPrefix(word, "noneuro"):
			order, setOutput = MonthDayYear, false
		case word == "default":
			d := DateStyle{}
			if !haveOutput {
				output = d.Output
			}
			if !haveOrder {
				order = d.Order
			}
			out.Output, out.Order = output, order
			continue
		default:
			return bad("Unrecognized key word: %q.", word)
		}
		if setOutput && haveOutput && output != out.Output || setOrder && haveOrder && order != out.Order {
			return bad("Conflicting \"datestyle\" specifications at %q.", word)
		}
		out.Output, out.Order = output, order
		haveOutput, haveOrder = haveOutput || setOutput, haveOrder || setOrder
	}
	return out, nil
}

// IntervalStyle is the layout in which intervals are written, the session's setting.
type IntervalStyle uint8

// The layouts of PostgreSQL's IntervalStyle.
const (
	PostgresIntervals        IntervalStyle = iota // 1 year 2 mons 3 days 04:05:06
	PostgresVerboseIntervals                      // @ 1 year 2 mons 3 days 4 hours 5 mins 6 secs
	SQLIntervals                                  // +1-2 +3 +4:05:06
	ISOIntervals                                  // P1Y2M3DT4H5M6S
)

var intervalStyleNames = [...]string{
	PostgresIntervals: "postgres", PostgresVerboseIntervals: "postgres_verbose", SQLIntervals: "sql_standard", ISOIntervals: "iso_8601",
}

// String is what SHOW IntervalStyle prints.
func (s IntervalStyle) String() string { return intervalStyleNames[s] }

// ParseIntervalStyle reads a value of SET IntervalStyle. Error: 22023.
func ParseIntervalStyle(text string) (IntervalStyle, error) {
	for i, name := range intervalStyleNames {
		if strings.EqualFold(text, name) {
			return IntervalStyle(i), nil
		}
	}
	return 0, sqlstate.New(sqlstate.InvalidParameterValue, "invalid value for parameter \"IntervalStyle\": %q", text).
		WithHint("Available values: postgres, postgres_verbose, sql_standard, iso_8601.")
}

// TextStyle is how a session reads and writes values as text. The zero value
// and nil are UTC, "ISO, MDY" and intervals as postgres.
type TextStyle struct {
	// Zone is the session's time zone; nil is UTC.
	Zone     *time.Location
	Date     DateStyle
	Interval IntervalStyle
	// NowMicros is the transaction's start in µs since 1970, for now, today and
	// their like; 0 has them refused.
	NowMicros int64
}

var plainStyle = &TextStyle{}
