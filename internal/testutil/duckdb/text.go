//go:build cgo

package duckdb

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	driver "github.com/duckdb/duckdb-go/v2"
)

// formatValue returns the text form of a value that the driver read from a column of the named type.
func formatValue(v any, typeName string) (string, error) {
	switch v := v.(type) {
	case nil:
		return Null, nil
	case bool:
		return strconv.FormatBool(v)[:1], nil
	case int8, int16, int32, int64, uint8, uint16, uint32, uint64, *big.Int:
		return fmt.Sprint(v), nil
	case float32:
		return formatFloat(float64(v), 32, 6), nil
	case float64:
		return formatFloat(v, 64, 15), nil
	case string:
		if v == Null {
			return "'NULL'", nil
		}
		return v, nil
	case []byte:
		if typeName == "UUID" && len(v) == 16 {
			return formatUUID(v), nil
		}
		return `\x` + hex.EncodeToString(v), nil
	case driver.Decimal:
		return formatDecimal(v), nil
	case driver.Interval:
		return formatInterval(Interval{Months: v.Months, Days: v.Days, Micros: v.Micros}), nil
	case time.Time:
		return formatTime(v, typeName)
	case []any:
		return formatArray(v, typeName)
	}
	return "", fmt.Errorf("a value of type %s has no text form here; cast it to VARCHAR in the query", typeName)
}

// formatTime returns a date or time in the form of the column's type, with the
// years before the first one as PostgreSQL writes them.
func formatTime(v time.Time, typeName string) (string, error) {
	const seconds = "15:04:05.999999"
	v = v.UTC()
	if y := v.Year(); y <= 0 && typeName != "TIME" {
		// Leap years repeat every 400 years: the shift moves no day.
		shift := 400 * (1 - y/400)
		s, err := formatTime(v.AddDate(shift, 0, 0), typeName)
		if len(s) < 4 || err != nil {
			return s, err
		}
		return fmt.Sprintf("%04d%s BC", 1-y, s[4:]), nil
	}
	switch typeName {
	case "DATE":
		return v.Format(time.DateOnly), nil
	case "TIME":
		return v.Format(seconds), nil
	case "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS":
		return v.Format(time.DateOnly + " " + seconds), nil
	case "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE":
		return v.Format(time.DateOnly+" "+seconds) + "+00", nil
	}
	return "", fmt.Errorf("a value of type %s has no text form here; cast it to VARCHAR in the query", typeName)
}

// formatArray returns an array in braces, its elements quoted where they would be misread.
func formatArray(v []any, typeName string) (string, error) {
	elementType := strings.TrimSuffix(typeName, "[]")
	if i := strings.LastIndexByte(typeName, '['); i >= 0 {
		elementType = typeName[:i] // also of arrays of fixed length, INTEGER[3]
	}
	parts := make([]string, len(v))
	for i, element := range v {
		if s, ok := element.(string); ok {
			parts[i] = quoteElement(s)
			continue
		}
		text, err := formatValue(element, elementType)
		if err != nil {
			return "", err
		}
		if _, nested := element.([]any); !nested && element != nil {
			text = quoteElement(text)
		}
		parts[i] = text
	}
	return "{" + strings.Join(parts, ",") + "}", nil
}

// formatDecimal returns a decimal with all digits of its scale.
func formatDecimal(v driver.Decimal) string {
	if v.Scale == 0 {
		return v.Value.String()
	}
	digits := new(big.Int).Abs(v.Value).String()
	scale := int(v.Scale)
	digits = strings.Repeat("0", max(0, scale+1-len(digits))) + digits
	sign := ""
	if v.Value.Sign() < 0 {
		sign = "-"
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

func formatUUID(v []byte) string {
	s := hex.EncodeToString(v)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
