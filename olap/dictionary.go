package olap

import (
	"strings"

	"htapdb/sql/types"
	"htapdb/vector"
)

// Limits of a unified dictionary: beyond them the column holds plain strings.
const (
	maxUnifyEntries = 1 << 16 // of one incoming dictionary
	maxUnified      = 1 << 18 // of the unified one
)

// unifiedDict merges the dictionaries of the segments that a column's rows came
// from into one, each translated once. It only grows while rows are appended;
// id is given out when they have been.
type unifiedDict struct {
	values *vector.Vector
	id     uint64
	codeOf map[string]uint32
	// translations maps the DictID of an incoming dictionary to unified codes.
	translations map[uint64][]uint32
	lastID       uint64
	last         []uint32
	textBytes    int64
}

func newUnifiedDict(t types.Type) *unifiedDict {
	return &unifiedDict{
		values: vector.New(t, 0), id: vector.NewDictID(),
		codeOf: map[string]uint32{}, translations: map[uint64][]uint32{},
	}
}

// canUnify reports whether v is a dictionary vector worth keeping as one. An
// empty dictionary is not: its codes, all null, would index nothing.
func canUnify(v *vector.Vector) bool {
	return v.Enc == vector.Dict && v.DictID != 0 && v.Dict.Len > 0 && v.Dict.Len <= maxUnifyEntries
}

// translate returns the unified codes of v's dictionary, adding what is new, or
// nil if v cannot be kept as codes.
func (d *unifiedDict) translate(v *vector.Vector) []uint32 {
	if !canUnify(v) || d.values.Len > maxUnified {
		return nil
	}
	if v.DictID == d.lastID && len(d.last) >= v.Dict.Len {
		return d.last
	}
	codes := d.translations[v.DictID]
	for i := len(codes); i < v.Dict.Len; i++ {
		s := v.Dict.Str[i]
		code, ok := d.codeOf[s]
		if !ok {
			code = uint32(d.values.Len)
			s = strings.Clone(s)
			d.codeOf[s] = code
			d.values.Str = append(d.values.Str, s)
			d.values.Len++
			d.textBytes += int64(len(s))
		}
		codes = append(codes, code)
	}
	d.translations[v.DictID] = codes
	d.lastID, d.last = v.DictID, codes
	return codes
}

// bytes estimates the memory held.
func (d *unifiedDict) bytes() int64 {
	n := d.textBytes + int64(d.values.Len)*56
	for _, t := range d.translations {
		n += int64(cap(t)) * 4
	}
	return n
}

// known returns the translation of v's dictionary if it is complete, nil if v
// is no dictionary or has not been translated. It changes nothing, so that
// several goroutines may ask.
func (d *unifiedDict) known(v *vector.Vector) []uint32 {
	if v.Enc != vector.Dict || v.DictID == 0 {
		return nil
	}
	if t := d.translations[v.DictID]; len(t) >= v.Dict.Len {
		return t
	}
	return nil
}
