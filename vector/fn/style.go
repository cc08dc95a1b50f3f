package fn

import "htapdb/sql/types"

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
