// Package types holds the SQL data types: their identity (Kind, Type), their
// in-memory representation (Physical, Datum, Int128, Interval) and their text
// form (Parse, Format).
//
// Invariants: a Type is comparable with == and small enough to copy; a Datum is
// immutable. Comparison, arithmetic and casts are not here: they exist once, as
// kernels in vector/fn.
package types

import "strconv"

// Kind names a SQL data type without its modifiers.
type Kind uint8

// The kinds. Unknown is the type of a quoted literal or NULL whose context has not given it one yet.
const (
	Invalid Kind = iota
	Unknown
	Bool
	Int2
	Int4
	Int8
	Float4
	Float8
	Numeric
	Text
	Varchar
	Char
	Bytea
	Date
	Time
	Timestamp
	TimestampTZ
	Interval
	UUID
	JSON
	JSONB
	numKinds
)

// Physical is the in-memory representation of a value; several kinds share one.
type Physical uint8

// The representations, with the Go type of an element.
const (
	PhysNone     Physical = iota
	PhysBool              // uint8, 0 or 1
	PhysInt16             // int16
	PhysInt32             // int32; dates are days since 1970-01-01
	PhysInt64             // int64; times and timestamps are µs (since midnight, since 1970-01-01 UTC), short numerics are scaled
	PhysInt128            // Int128: numerics with more than 18 digits, scaled
	PhysFloat32           // float32
	PhysFloat64           // float64
	PhysString            // string: UTF-8 text, raw bytes (bytea), 16 bytes (uuid)
	PhysInterval          // IntervalValue
)

// MaxPrecision is the largest number of decimal digits of a NUMERIC.
const MaxPrecision = 38

// MaxShortPrecision is the largest number of digits that a NUMERIC in an int64 holds.
const MaxShortPrecision = 18

// DefaultNumericScale is the scale of a NUMERIC that was declared without one;
// its precision is then MaxPrecision.
const DefaultNumericScale = 10

// Type is a data type with its modifiers. The zero value is invalid.
// Invariant: Numeric always has 1 ≤ Precision ≤ 38 and 0 ≤ Scale ≤ Precision;
// other kinds have Scale 0.
type Type struct {
	Kind Kind
	// Precision and Scale are those of NUMERIC(p,s), in decimal digits. Of times,
	// timestamps and intervals Precision is one more than the decimals of the
	// seconds, 0 for all that there are: see TimePrecision.
	Precision, Scale uint8
	// Length is the limit n of VARCHAR(n) and CHAR(n) in characters, 0 for none. Of
	// INTERVAL it is the set of its fields: see IntervalFields.
	Length int32
}

// Shorthands for the types without modifiers.
var (
	TUnknown     = Type{Kind: Unknown}
	TBool        = Type{Kind: Bool}
	TInt2        = Type{Kind: Int2}
	TInt4        = Type{Kind: Int4}
	TInt8        = Type{Kind: Int8}
	TFloat4      = Type{Kind: Float4}
	TFloat8      = Type{Kind: Float8}
	TText        = Type{Kind: Text}
	TBytea       = Type{Kind: Bytea}
	TDate        = Type{Kind: Date}
	TTime        = Type{Kind: Time}
	TTimestamp   = Type{Kind: Timestamp}
	TTimestampTZ = Type{Kind: TimestampTZ}
	TInterval    = Type{Kind: Interval}
	TUUID        = Type{Kind: UUID}
	TJSON        = Type{Kind: JSON}
	TJSONB       = Type{Kind: JSONB}
)

// TNumeric returns NUMERIC(precision, scale), clamped to 38 digits.
func TNumeric(precision, scale int) Type {
	precision = min(max(precision, 1), MaxPrecision)
	scale = min(max(scale, 0), precision)
	return Type{Kind: Numeric, Precision: uint8(precision), Scale: uint8(scale)}
}

// kindInfo is one row of the table of kinds: SQL name, PostgreSQL's OID, its
// array type's OID, typlen and representation (numerics depend on precision).
type kindInfo struct {
	name     string
	oid      uint32
	arrayOID uint32
	typLen   int16
	phys     Physical
}

var kinds = [numKinds]kindInfo{
	Invalid:     {"invalid", 0, 0, 0, PhysNone},
	Unknown:     {"unknown", 705, 0, -2, PhysString},
	Bool:        {"boolean", 16, 1000, 1, PhysBool},
	Int2:        {"smallint", 21, 1005, 2, PhysInt16},
	Int4:        {"integer", 23, 1007, 4, PhysInt32},
	Int8:        {"bigint", 20, 1016, 8, PhysInt64},
	Float4:      {"real", 700, 1021, 4, PhysFloat32},
	Float8:      {"double precision", 701, 1022, 8, PhysFloat64},
	Numeric:     {"numeric", 1700, 1231, -1, PhysInt128},
	Text:        {"text", 25, 1009, -1, PhysString},
	Varchar:     {"character varying", 1043, 1015, -1, PhysString},
	Char:        {"character", 1042, 1014, -1, PhysString},
	Bytea:       {"bytea", 17, 1001, -1, PhysString},
	Date:        {"date", 1082, 1182, 4, PhysInt32},
	Time:        {"time without time zone", 1083, 1183, 8, PhysInt64},
	Timestamp:   {"timestamp without time zone", 1114, 1115, 8, PhysInt64},
	TimestampTZ: {"timestamp with time zone", 1184, 1185, 8, PhysInt64},
	Interval:    {"interval", 1186, 1187, 16, PhysInterval},
	UUID:        {"uuid", 2950, 2951, 16, PhysString},
	JSON:        {"json", 114, 199, -1, PhysString},
	JSONB:       {"jsonb", 3802, 3807, -1, PhysString},
}

// Physical returns the representation of t's values.
func (t Type) Physical() Physical {
	if t.Kind == Numeric && t.Precision <= MaxShortPrecision {
		return PhysInt64
	}
	return kinds[t.Kind].phys
}

// OID returns PostgreSQL's object identifier of the type.
func (t Type) OID() uint32 { return kinds[t.Kind].oid }

// ArrayOID returns the OID of the array type over t, 0 if there is none.
func (t Type) ArrayOID() uint32 { return kinds[t.Kind].arrayOID }

// TypLen returns pg_type.typlen: the size in bytes, −1 for variable length.
func (t Type) TypLen() int16 { return kinds[t.Kind].typLen }

// TypMod returns PostgreSQL's atttypmod, −1 for none.
func (t Type) TypMod() int32 {
	switch t.Kind {
	case Numeric:
		return int32(t.Precision)<<16 | int32(t.Scale) + 4
	case Varchar, Char:
		if t.Length > 0 {
			return t.Length + 4
		}
	case Time, Timestamp, TimestampTZ, Interval:
		return t.timeTypMod()
	}
	return -1
}

// String returns the SQL name with modifiers, as format_type prints it.
func (t Type) String() string {
	name := kinds[t.Kind].name
	switch {
	case t.Kind == Numeric:
		return "numeric(" + strconv.Itoa(int(t.Precision)) + "," + strconv.Itoa(int(t.Scale)) + ")"
	case (t.Kind == Varchar || t.Kind == Char) && t.Length > 0:
		return name + "(" + strconv.Itoa(int(t.Length)) + ")"
	case t.Kind >= Time && t.Kind <= Interval:
		return t.timeName(name)
	}
	return name
}

// FromOID returns the type without modifiers that has the OID; NUMERIC gets
// its default precision and scale. ok is false for an OID that is not ours.
func FromOID(oid uint32) (t Type, ok bool) {
	for k := Unknown; k < numKinds; k++ {
		if kinds[k].oid == oid {
			return Base(k), true
		}
	}
	return Type{}, false
}

// Base returns the type of kind k without modifiers.
func Base(k Kind) Type {
	if k == Numeric {
		return TNumeric(MaxPrecision, DefaultNumericScale)
	}
	return Type{Kind: k}
}

// IsInteger reports SMALLINT, INTEGER or BIGINT.
func (t Type) IsInteger() bool { return t.Kind >= Int2 && t.Kind <= Int8 }

// IsFloat reports REAL or DOUBLE PRECISION.
func (t Type) IsFloat() bool { return t.Kind == Float4 || t.Kind == Float8 }

// IsNumber reports an integer, float or NUMERIC.
func (t Type) IsNumber() bool { return t.Kind >= Int2 && t.Kind <= Numeric }

// IsString reports TEXT, VARCHAR or CHAR.
func (t Type) IsString() bool { return t.Kind >= Text && t.Kind <= Char }
