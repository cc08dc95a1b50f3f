package types

import "math"

// IntervalValue is a span of time in PostgreSQL's three independent parts.
type IntervalValue struct {
	Months, Days int32
	Micros       int64
}

// Datum is one scalar value in its physical form, or NULL; the zero value is
// NULL. It does not know its SQL type: an int64 may be a BIGINT, a TIMESTAMP
// or a scaled NUMERIC.
type Datum struct {
	// phys says which of the fields below hold the value; PhysNone is NULL.
	phys Physical
	i    int64 // integers, bool (0, 1), float bits, Int128.Lo, interval micros
	hi   int64 // Int128.Hi, interval months<<32 | days
	s    string
}

// NullDatum is NULL.
var NullDatum = Datum{}

// NewBool returns a boolean.
func NewBool(v bool) Datum {
	if v {
		return Datum{phys: PhysBool, i: 1}
	}
	return Datum{phys: PhysBool}
}

// NewInt returns an integer of the given representation (PhysInt16, PhysInt32 or PhysInt64); v must fit.
func NewInt(p Physical, v int64) Datum { return Datum{phys: p, i: v} }

// NewInt64 returns a PhysInt64 value.
func NewInt64(v int64) Datum { return Datum{phys: PhysInt64, i: v} }

// NewInt32 returns a PhysInt32 value.
func NewInt32(v int32) Datum { return Datum{phys: PhysInt32, i: int64(v)} }

// NewInt16 returns a PhysInt16 value.
func NewInt16(v int16) Datum { return Datum{phys: PhysInt16, i: int64(v)} }

// NewInt128 returns a PhysInt128 value.
func NewInt128(v Int128) Datum { return Datum{phys: PhysInt128, i: int64(v.Lo), hi: v.Hi} }

// NewFloat64 returns a PhysFloat64 value.
func NewFloat64(v float64) Datum { return Datum{phys: PhysFloat64, i: int64(math.Float64bits(v))} }

// NewFloat32 returns a PhysFloat32 value.
func NewFloat32(v float32) Datum {
	return Datum{phys: PhysFloat32, i: int64(math.Float64bits(float64(v)))}
}

// NewString returns a PhysString value: text, bytes or a uuid's 16 bytes.
func NewString(s string) Datum { return Datum{phys: PhysString, s: s} }

// NewInterval returns a PhysInterval value.
func NewInterval(v IntervalValue) Datum {
	return Datum{phys: PhysInterval, i: v.Micros, hi: int64(v.Months)<<32 | int64(uint32(v.Days))}
}

// IsNull reports NULL.
func (d Datum) IsNull() bool { return d.phys == PhysNone }

// Physical returns the representation, PhysNone for NULL.
func (d Datum) Physical() Physical { return d.phys }

// Bool returns a PhysBool value.
func (d Datum) Bool() bool { return d.i != 0 }

// Int returns a PhysInt16, PhysInt32, PhysInt64 or PhysBool value.
func (d Datum) Int() int64 { return d.i }

// Int128 returns a PhysInt128 value; integers are widened.
func (d Datum) Int128() Int128 {
	if d.phys == PhysInt128 {
		return Int128{Hi: d.hi, Lo: uint64(d.i)}
	}
	return Int128From(d.i)
}

// Float returns a PhysFloat32 or PhysFloat64 value.
func (d Datum) Float() float64 { return math.Float64frombits(uint64(d.i)) }

// Str returns a PhysString value.
func (d Datum) Str() string { return d.s }

// Interval returns a PhysInterval value.
func (d Datum) Interval() IntervalValue {
	return IntervalValue{Months: int32(d.hi >> 32), Days: int32(uint32(d.hi)), Micros: d.i}
}
