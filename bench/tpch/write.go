package tpch

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"
)

// WriteTbl writes a whole table the way dbgen does: columns ended by '|', rows by a line feed.
func WriteTbl(w io.Writer, table string, sf float64) error {
	return WriteTblPart(w, table, sf, 1, 1)
}

// WriteTblPart writes part `part` of `parts` of a table the way dbgen does. See Generate for parts.
func WriteTblPart(w io.Writer, table string, sf float64, part, parts int) error {
	var buf []byte
	return Generate(table, sf, part, parts, func(b Batch) error {
		buf = b.appendTbl(buf[:0])
		_, err := w.Write(buf)
		return err
	})
}

// appendTbl appends the batch's rows in dbgen's format.
func (b Batch) appendTbl(dst []byte) []byte {
	for row := range b.Rows {
		for i := range b.Columns {
			c := &b.Table.Columns[i]
			switch {
			case c.Kind == KindDate:
				dst = appendDay(dst, b.Columns[i].Dates[row])
			case c.Kind == KindString:
				dst = append(dst, b.Columns[i].Strings[row]...)
			case c.whole:
				dst = strconv.AppendInt(dst, b.Columns[i].Ints[row]/100, 10)
			default:
				dst = appendScaled(dst, b.Columns[i].Ints[row], c.Scale)
			}
			dst = append(dst, '|')
		}
		dst = append(dst, '\n')
	}
	return dst
}

// WriteCSV writes a whole table as comma-separated values (RFC 4180, lines ended by a line feed) with a
// header. Decimals have all digits of their scale.
func WriteCSV(w io.Writer, table string, sf float64) error {
	t, err := FindTable(table)
	if err != nil {
		return err
	}
	record := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		record[i] = c.Name
	}
	out := csv.NewWriter(w)
	if err := out.Write(record); err != nil {
		return err
	}
	err = Generate(table, sf, 1, 1, func(b Batch) error {
		for row := range b.Rows {
			for i := range record {
				record[i] = b.Text(i, row)
			}
			if err := out.Write(record); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// Text returns a value as text: integers and decimals in full, dates as year-month-day.
func (b Batch) Text(column, row int) string {
	c, v := &b.Table.Columns[column], &b.Columns[column]
	switch c.Kind {
	case KindDate:
		return string(appendDay(nil, v.Dates[row]))
	case KindString:
		return v.Strings[row]
	}
	return string(appendScaled(nil, v.Ints[row], c.Scale))
}

// appendScaled appends an integer of 10^-scale units.
func appendScaled(dst []byte, v int64, scale int) []byte {
	if scale == 0 {
		return strconv.AppendInt(dst, v, 10)
	}
	if v < 0 {
		dst, v = append(dst, '-'), -v
	}
	unit := int64(1)
	for range scale {
		unit *= 10
	}
	dst = append(strconv.AppendInt(dst, v/unit, 10), '.')
	return appendPadded(dst, v%unit, scale)
}

// days is the text of every date of the data, ten bytes each from firstOrderDay on.
var days = func() string {
	var b strings.Builder
	for day := range int64(2557) {
		b.WriteString(time.Unix((firstOrderDay+day)*86400, 0).UTC().Format(time.DateOnly))
	}
	return b.String()
}()

func appendDay(dst []byte, day int32) []byte {
	i := int(day-firstOrderDay) * 10
	return append(dst, days[i:i+10]...)
}
