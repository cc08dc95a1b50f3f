package fn

import "htapdb/sql/types"

// DateStyle and IntervalStyle are the session's settings of the same names.
type (
	DateStyle     = types.DateStyle
	IntervalStyle = types.IntervalStyle
)

// ParseDateStyle reads a value of SET DateStyle; what it leaves out stays as in old.
//
// Errors: 22023.
func ParseDateStyle(text string, old DateStyle) (DateStyle, error) {
	return types.ParseDateStyle(text, old)
}

// ParseIntervalStyle reads a value of SET IntervalStyle. Error: 22023.
func ParseIntervalStyle(text string) (IntervalStyle, error) { return types.ParseIntervalStyle(text) }

// TextStyle is how the session reads and writes values as text.
//
// Errors: 22023 for a time zone that does not exist.
func (c *Context) TextStyle() (*types.TextStyle, error) {
	loc, err := types.Zone(c.ZoneName)
	if err != nil {
		return nil, err
	}
	return &types.TextStyle{Zone: loc, Date: c.DateStyle, Interval: c.IntervalStyle, NowMicros: c.NowMicros}, nil
}

// styled makes s a Stable function of the session's way with texts.
func styled(s *Scalar, make func(st *types.TextStyle) Kernel) {
	s.Volatility = Stable
	s.Kernel = withContext(func(ctx *Context) (Kernel, error) {
		st, err := ctx.TextStyle()
		if err != nil {
			return nil, err
		}
		return make(st), nil
	})
}
