package rowstore

import (
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Span is a range of encoded keys of one index: Start inclusive, End
// exclusive; nil is unbounded. The zero Span is the whole index.
type Span struct {
	Start, End []byte
}

// Bound is one end of a range over an index column.
type Bound struct {
	Value     types.Datum
	Inclusive bool
}

// KeySpan returns the span of an index (0 is the primary key) in which the
// first columns equal eq and the next column lies between lo and hi, either of
// which may be nil. A NULL in eq means IS NULL; a range excludes NULL, and a
// NULL bound gives an empty span. Values have the columns' representation.
func (s *Schema) KeySpan(index uint32, eq []types.Datum, lo, hi *Bound) (Span, error) {
	columns, err := s.keyColumns(index)
	if err != nil {
		return Span{}, err
	}
	if len(eq) > len(columns) || len(eq) == len(columns) && (lo != nil || hi != nil) {
		return Span{}, sqlstate.New(sqlstate.InternalError, "index %d of table %q has %d columns", index, s.def.Name, len(columns))
	}
	var prefix []byte
	for i, d := range eq {
		if prefix, err = s.appendSpanDatum(prefix, index, columns[i], d); err != nil {
			return Span{}, err
		}
	}
	if lo == nil && hi == nil {
		return Span{Start: prefix, End: prefixEnd(prefix)}, nil
	}
	if lo != nil && lo.Value.IsNull() || hi != nil && hi.Value.IsNull() {
		return emptySpan(), nil
	}
	return s.rangeSpan(index, columns[len(eq)], prefix, lo, hi)
}

// rangeSpan adds a range over column ord to an equality prefix.
func (s *Schema) rangeSpan(index uint32, ord int, prefix []byte, lo, hi *Bound) (sp Span, err error) {
	bound := func(d types.Datum) ([]byte, error) {
		return s.appendSpanDatum(append([]byte(nil), prefix...), index, ord, d)
	}
	sp.Start, sp.End = prefix, prefixEnd(prefix)
	if index != 0 {
		// Only values: NULLs have a mark of their own above them.
		sp.Start = append(append([]byte(nil), prefix...), markValue)
		sp.End = prefixEnd(sp.Start)
	}
	if lo != nil {
		if sp.Start, err = bound(lo.Value); err != nil {
			return Span{}, err
		}
		if !lo.Inclusive {
			sp.Start = prefixEnd(sp.Start)
			if sp.Start == nil {
				return emptySpan(), nil
			}
		}
	}
	if hi != nil {
		if sp.End, err = bound(hi.Value); err != nil {
			return Span{}, err
		}
		if hi.Inclusive {
			sp.End = prefixEnd(sp.End)
		}
	}
	return sp, nil
}

// keyColumns returns the ordinals of an index's columns; the hidden key has none.
func (s *Schema) keyColumns(index uint32) ([]int, error) {
	if index == 0 {
		return s.def.Primary, nil
	}
	ix := s.index(index)
	if ix == nil {
		return nil, sqlstate.New(sqlstate.InternalError, "table %q has no index %d", s.def.Name, index)
	}
	return ix.Columns, nil
}

func (s *Schema) appendSpanDatum(dst []byte, index uint32, ord int, d types.Datum) ([]byte, error) {
	if index == 0 {
		return s.appendPrimaryColumn(dst, ord, d)
	}
	if d.IsNull() {
		return append(dst, markNull), nil
	}
	return appendKeyDatum(append(dst, markValue), s.def.Columns[ord].Type, d)
}

// emptySpan holds no key: no encoded key is below the empty one.
func emptySpan() Span { return Span{Start: []byte{0}, End: []byte{0}} }

// Empty reports a span that cannot hold a key.
func (sp Span) Empty() bool {
	return sp.End != nil && string(sp.Start) >= string(sp.End)
}

// prefixEnd returns the smallest key above all that start with prefix, nil if
// there is none.
func prefixEnd(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xFF {
			end := append([]byte(nil), prefix[:i+1]...)
			end[i]++
			return end
		}
	}
	return nil
}
