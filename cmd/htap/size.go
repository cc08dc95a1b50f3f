package main

import (
	"fmt"
	"strconv"
	"strings"
)

// byteSize is a flag's number of bytes, written with a binary unit: 512MB, 4GB.
type byteSize int64

// units are the factors by unit, longest first so that a suffix is unique.
var units = []struct {
	suffix string
	bytes  int64
}{{"TIB", 1 << 40}, {"GIB", 1 << 30}, {"MIB", 1 << 20}, {"KIB", 1 << 10}, {"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}, {"B", 1}}

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *byteSize) UnmarshalText(text []byte) error {
	number, factor := strings.ToUpper(strings.TrimSpace(string(text))), int64(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(number, u.suffix); ok {
			number, factor = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	x, err := strconv.ParseFloat(number, 64)
	const most = 1 << 62
	if err != nil || !(x >= 0) || x*float64(factor) > most { // NaN is neither
		return fmt.Errorf("%q is no size: write 512MB or 4GB", text)
	}
	*b = byteSize(x * float64(factor))
	return nil
}
