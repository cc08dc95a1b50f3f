package randsql

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Times writes expressions over texts of dates, times, intervals and numbers in
// all the forms that PostgreSQL reads and writes, valid and not: casts, templates of to_char and
// to_timestamp, fields and arithmetic. Other than the queries of a Generator
// their errors are determined too: each has one part that can fail.
type Times struct{ r *rand.Rand }

// NewTimes returns a source of expressions for a seed.
func NewTimes(seed uint64) *Times { return &Times{rand.New(rand.NewPCG(seed, 4))} }

func (g *Times) pick(words ...string) string { return words[g.r.IntN(len(words))] }

// word picks one of the blank-separated words of list.
func (g *Times) word(list string) string { return g.pick(strings.Fields(list)...) }

func (g *Times) between(lo, hi int) int { return lo + g.r.IntN(hi-lo+1) }

// one reports true once in n times.
func (g *Times) one(n int) bool { return g.r.IntN(n) == 0 }

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Settings are SET statements for a session in which the next expressions run.
func (g *Times) Settings() []string {
	return []string{
		"SET datestyle TO " + quoted(g.pick("ISO, MDY", "ISO, DMY", "ISO, YMD", "SQL, MDY", "SQL, DMY", "Postgres, MDY", "Postgres, DMY", "German")),
		"SET timezone TO " + quoted(g.word("UTC Europe/Berlin America/New_York Asia/Kolkata -9:30 +04:00 Australia/Lord_Howe America/St_Johns")),
		"SET intervalstyle TO " + g.word("postgres iso_8601 sql_standard postgres_verbose"),
	}
}

// Expression is an expression of one column.
func (g *Times) Expression() string {
	switch g.r.IntN(10) {
	case 0, 1, 2:
		return quoted(g.timestamp()) + "::" + g.word("date timestamp timestamptz time timestamp(2) timestamptz(0) time(3)")
	case 3, 4:
		return "interval " + quoted(g.interval()) + " " + g.fields()
	case 5:
		value, patterns := g.value(), charPatterns+" "+calendarPatterns
		if strings.HasPrefix(value, "interval") {
			patterns = charPatterns
		}
		return "to_char(" + value + ", " + quoted(g.template(patterns)) + ")"
	case 6, 7:
		text, template := g.templated()
		return g.word("to_date to_timestamp to_timestamp") + "(" + quoted(text) + ", " + quoted(template) + ")"
	case 8:
		n := g.word("0 -0.5 1 12 -12.345 485 -485 0.1 1234567.891 100 111 1001 22 3 0.005 99.995 9.5 -321 3999 4000 0.00012")
		return "to_char((" + n + ")::" + g.word("float8 numeric int bigint real") + ", " + quoted(g.numberTemplate()) + ")"
	}
	return g.calculation()
}

func (g *Times) year() string {
	return g.pick(fmt.Sprint(g.between(1900, 2100)), fmt.Sprintf("%04d", g.between(1, 9999)), fmt.Sprintf("%02d", g.between(0, 99)), fmt.Sprint(g.between(10000, 290000)))
}

func (g *Times) month() string {
	return g.pick(fmt.Sprint(g.between(1, 12)), fmt.Sprintf("%02d", g.between(1, 12)), fmt.Sprint(g.between(0, 14)))
}

func (g *Times) day() string {
	return g.pick(fmt.Sprint(g.between(1, 31)), fmt.Sprintf("%02d", g.between(1, 28)), fmt.Sprint(g.between(0, 33)))
}

func (g *Times) monthName() string {
	return g.word("jan feb mar apr may jun jul aug sep sept oct nov dec january February MARCH")
}

func (g *Times) date() string {
	y, m, d, name := g.year(), g.month(), g.day(), g.monthName()
	mm, dd := fmt.Sprintf("%02d", g.between(1, 12)), fmt.Sprintf("%02d", g.between(1, 31))
	return g.pick(y+"-"+m+"-"+d, m+"/"+d+"/"+y, name+" "+d+", "+y, d+"-"+name+"-"+y, y+mm+dd,
		fmt.Sprintf("J%d", g.between(0, 2_500_000)), fmt.Sprintf("%s.%03d", y, g.between(1, 370)),
		g.word("mon Tuesday Fri weds")+" "+name+" "+d+" "+y, "y"+y+"m"+m+"d"+d, d+" "+name+" "+y, d+"."+m+"."+y,
		name+"-"+d+"-"+y, y+" "+name+" "+d, fmt.Sprintf("%s-%03d", y, g.between(1, 370)),
		g.pick("epoch", "J2451187", "foo", "2001-02", "", "12", "-5"), m+" "+d+" "+y, y+"-"+name+"-"+d, m+"-"+d+"-"+y)
}

func (g *Times) clock() string {
	h, m, s := g.between(0, 25), g.between(0, 60), g.between(0, 61)
	return g.pick(fmt.Sprintf("%d:%02d", h, m), fmt.Sprintf("%02d:%02d:%02d", h, m, s),
		fmt.Sprintf("%02d:%02d:%02d.%s", h, m, s, g.word("1 25 123456 9999999 1234567 0000005")),
		fmt.Sprintf("%02d%02d%02d", h, m, s), fmt.Sprintf("%02d%02d", h, m), fmt.Sprintf("%d:%02d %s", h%13, m, g.word("am PM")),
		fmt.Sprintf("%d:%02d.5", h, m), "allballs", fmt.Sprintf("T%02d%02d%02d.789", h, m, s))
}

func (g *Times) timestamp() string {
	s := g.date()
	if !g.one(3) {
		s += g.pick(" ", "T", " ", "  ", " on ") + g.clock()
	}
	if g.one(3) {
		s += g.pick("Z", "+02", "-03:30", "+0530", " PST", " EST", " America/New_York", " MSK", " +05:00:30", "-7", " CEST", " UTC", "+16", " IST", " -08")
	}
	if g.one(7) {
		s += g.pick(" BC", " AD", " bc")
	}
	return s
}

func (g *Times) quantity() string {
	return g.pick(fmt.Sprint(g.between(-50, 50)), fmt.Sprintf("%d.%d", g.between(0, 20), g.between(0, 99)), fmt.Sprintf("-%d.%d", g.between(0, 20), g.between(0, 999)),
		".5", "1.", fmt.Sprintf("+%d", g.between(0, 9)))
}

func (g *Times) interval() string {
	switch g.r.IntN(6) {
	case 0, 1, 2:
		var parts []string
		for range g.between(1, 4) {
			parts = append(parts, g.quantity()+g.pick("", " ")+g.word("year years yr y mon month w week day d hour h hrs minute min m second sec s ms us milliseconds microsecond decade century millennium c dec mil usec quarter"))
		}
		return strings.Join(parts, " ") + g.pick("", " ago", fmt.Sprintf(" %d:%02d:%02d.%d", g.between(0, 200), g.between(0, 60), g.between(0, 59), g.between(0, 9999999)), " -1:30")
	case 3:
		return fmt.Sprintf("%d-%d", g.between(-30, 30), g.between(0, 13))
	case 4:
		return fmt.Sprintf("%d %d:%02d:%02d", g.between(-30, 30), g.between(0, 30), g.between(0, 59), g.between(0, 61))
	}
	return g.pick("P1Y2M-3DT4H5M6.7S", "P2W", "PT-3.5H", "P0001-02-03T04:05:06", "P00010203T040506", "P1-2", "PT", "P", "@ 1 year 2 mons -3 days 4 hours",
		"1-2 3 4:05:06", "-1-2 +3 -4:05:06", "-1 2:03", "+1 -2:03", "", "foo", "1:2.5", "12:34.5678", "7", "-7.5", "infinity")
}

func (g *Times) fields() string {
	return g.pick("", "", "", "year", "month", "day", "hour", "minute", "second", "year to month", "day to hour", "day to minute", "day to second",
		"hour to minute", "hour to second", "minute to second", "second(2)", "day to second(3)")
}

// value is a date, timestamp or interval that exists.
func (g *Times) value() string {
	if g.one(4) {
		return fmt.Sprintf("interval '%d mons %d days %d:%02d:%02d.%d'", g.between(-40, 40), g.between(-40, 40), g.between(-40, 40), g.between(0, 59), g.between(0, 59), g.between(0, 999999))
	}
	return fmt.Sprintf("'%04d-%02d-%02d %02d:%02d:%02d.%d%s'::%s", g.between(1, 2100), g.between(1, 12), g.between(1, 28), g.between(0, 23), g.between(0, 59),
		g.between(0, 59), g.between(0, 999999), g.pick("", "", " BC"), g.word("timestamp timestamptz date"))
}

// charPatterns are to_char's; calendarPatterns those that only dates have.
const calendarPatterns = "IYYY IYY IY I IDDD ID IW J Q"
const charPatterns = "YYYY YYY YY Y Y,YYY MONTH Month month MON Mon mon MM DAY Day day DY Dy dy DDD DD D WW W CC RM rm HH HH12 HH24 " +
	"MI SS MS US FF1 FF2 FF3 FF4 FF5 FF6 SSSS SSSSS AM am PM p.m. A.M. BC bc A.D. ad TZ tz TZH TZM OF of tzh tzm hh24 mi ss yyyy dd mm ms us Yyyy Dd"

// template is a template of to_char for times.
func (g *Times) template(patterns string) string {
	var b strings.Builder
	for range g.between(1, 7) {
		b.WriteString(g.pick("", "", "", "FM", "TM", "fm") + g.word(patterns) + g.pick("", "", "", "TH", "th", "SP") + g.pick("", "-", " ", "/", ":", ",", ".", "x", `"of"`, `\"`, `"a\"b"`))
	}
	return b.String()
}

// templated is a template of to_timestamp and a text that follows it, more or less.
func (g *Times) templated() (text, template string) {
	sets := []string{"YYYY MM DD", "YYYY MON DD HH24 MI SS", "DD Month YYYY", "YYYY DDD", "YYYY MM DD HH24 MI SS TZH", "YYYY MM DD HH12 MI AM", "IYYY IW ID",
		"Y,YYY MM DD", "YY RM DD", "YYYY MM DD HH24 MI SS FF3", "YYYY MM DD SSSS US", "CC YY MM", "J HH24", "BC YYYY WW", "YYY Q MM W", "IYYY IDDD", "FF6 MS"}
	texts := map[string]func() string{
		"YYYY": func() string {
			return g.pick(fmt.Sprint(g.between(1, 2500)), fmt.Sprint(g.between(1900, 2100)), "-44", "20000000000")
		},
		"MON": func() string { return g.word("Jan may DEC Xy") }, "Month": func() string { return g.word("January may DECEMBER Foo") },
		"RM": func() string { return g.word("I xii IV VIII") }, "AM": func() string { return g.word("am PM xx") }, "BC": func() string { return g.word("BC ad") },
		"TZH": func() string { return g.word("-3 +05 05 16 -08") }, "Y,YYY": func() string { return fmt.Sprintf("%d,%03d", g.between(0, 9), g.between(0, 999)) },
		"MM": g.month, "DD": g.day, "IYYY": func() string { return fmt.Sprint(g.between(1900, 2100)) }, "DDD": func() string { return fmt.Sprintf("%03d", g.between(0, 367)) },
		"J": func() string { return fmt.Sprint(g.between(0, 2_500_000)) }, "SSSS": func() string { return fmt.Sprint(g.between(0, 90_000)) },
		"HH24": func() string { return fmt.Sprintf("%02d", g.between(0, 25)) }, "HH12": func() string { return fmt.Sprintf("%02d", g.between(0, 13)) },
		"US": func() string { return fmt.Sprint(g.between(0, 1_999_999)) }, "MS": func() string { return fmt.Sprint(g.between(0, 1_999)) },
		"FF3": func() string { return fmt.Sprint(g.between(0, 9_999)) }, "FF6": func() string { return fmt.Sprint(g.between(0, 9_999_999)) },
		"ID": func() string { return fmt.Sprint(g.between(1, 7)) }, "IW": func() string { return fmt.Sprint(g.between(0, 54)) },
	}
	if g.one(10) {
		template = "FX"
	}
	for _, p := range strings.Fields(sets[g.r.IntN(len(sets))]) {
		separator := g.pick("", "-", " ", "/", ":", " - ", "T", `"x"`, "  ")
		template += g.pick("", "", "", "FM") + p + g.pick("", "", "", "", "th") + separator
		value := fmt.Sprintf("%02d", g.between(0, 61))
		if f := texts[p]; f != nil {
			value = f()
		}
		plain := strings.Trim(separator, `"`)
		text += value + g.pick(plain, plain, plain, "-", " ", "", ". ")
	}
	return text, template
}

// numberTemplate is a template of to_char for numbers.
func (g *Times) numberTemplate() string {
	if g.one(8) {
		return g.word("RN rn FMRN fmrn 9.99EEEE EEEE 99EEEE 9.9eeee FM9.9EEEE")
	}
	var b strings.Builder
	if g.one(2) {
		for range g.between(1, 8) {
			b.WriteString(g.word("9 9 9 9 0 0 . , D G S MI PL SG PR TH th V B RN rn EEEE L FM fm C"))
		}
		return b.String()
	}
	b.WriteString(g.pick("", "", "FM", "S", "MI", "PL", "SG", "B", "L", "FMS", "FMMI", "SFM"))
	for range g.r.IntN(8) {
		b.WriteString(g.word("9 9 9 0 , 0 G 9"))
	}
	if g.one(2) {
		b.WriteString(g.word(". D"))
		for range g.r.IntN(5) {
			b.WriteString(g.word("9 9 0"))
		}
	}
	return b.String() + g.pick("", "", "", "S", "MI", "PL", "SG", "PR", "TH", "th", "V99", " x", `"t"`)
}

// calculation is a function of times.
func (g *Times) calculation() string {
	ts := func(kind string) string {
		return fmt.Sprintf("'%04d-%02d-%02d %02d:%02d:%02d.%d%s'::%s", g.between(1, 2100), g.between(1, 12), g.between(1, 28), g.between(0, 23), g.between(0, 59),
			g.between(0, 59), g.between(0, 999999), g.pick("", "", " BC"), kind)
	}
	iv := func() string {
		return fmt.Sprintf("interval '%d mons %d days %d:%02d:%02d.%d'", g.between(-40, 40), g.between(-40, 40), g.between(-40, 40), g.between(0, 59), g.between(0, 59), g.between(0, 999999))
	}
	field := quoted(g.word("century day decade dow doy epoch hour isodow isoyear microseconds millennium milliseconds minute month quarter second timezone timezone_hour timezone_minute week year foo"))
	return g.pick("age("+ts("timestamp")+", "+ts("timestamp")+")", "justify_interval("+iv()+")", "justify_hours("+iv()+")", "justify_days("+iv()+")",
		fmt.Sprintf("date_bin('%d minutes', %s, %s)", g.between(-1, 5000), ts("timestamp"), ts("timestamp")), ts("timestamp")+" + "+iv(), ts("timestamptz")+" - "+iv(),
		iv()+" * "+g.word("2 0.5 (-1.7) 0.333"), ts("timestamp")+" AT TIME ZONE "+quoted(g.word("MSK PST +03 Europe/Berlin utc foo UTC+3 -9:30 IST")),
		ts("timestamptz")+" AT TIME ZONE "+quoted(g.word("MSK EEST GET +03 Asia/Tokyo -9:30")),
		"date_part("+field+", "+ts(g.word("timestamp timestamptz date"))+")", "date_part("+field+", "+iv()+")",
		"date_trunc("+field+", "+ts(g.word("timestamp timestamptz"))+")", "date_trunc("+field+", "+iv()+")",
		fmt.Sprintf("%s(%d)", g.word("sind cosd tand cotd"), 15*g.between(-30, 30)), g.word("asind acosd")+"("+g.word("0 0.5 1 -0.5 -1")+")")
}
