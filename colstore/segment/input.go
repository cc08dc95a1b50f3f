package segment

import "htapdb/vector"

// MaxRows is the largest number of rows of a segment.
const MaxRows = 128 << 10

// Input is what Write makes a segment of. It is only read.
type Input struct {
	// Rows is the number of rows, 0 to MaxRows.
	Rows int
	// Columns have distinct IDs below ReservedID.
	Columns []ColumnInput

	// FirstRowID is the rowID of row 0 and those of the next rows follow it, if
	// RowIDs is nil. Else RowIDs gives each row's: distinct, usually ascending;
	// in another order (after clustering) an index is stored too.
	FirstRowID uint64
	RowIDs     []uint64
	// Begin is each row's commit timestamp; nil means MinTs for all.
	Begin []uint64
	// Prev is the rowID of the version that each row replaced, 0 for none; nil
	// means none at all.
	Prev []uint64

	// MinTs and MaxTs bound the commit timestamps of the rows.
	MinTs, MaxTs uint64
	// Provisional marks a segment that a checkpoint wrote from an unsealed delta.
	Provisional bool
}

// ColumnInput is one column of an Input.
type ColumnInput struct {
	// ID names the column within its table, never reused.
	ID uint32
	// Data is flat, or constant, with Input.Rows rows.
	Data *vector.Vector
}

// ReservedID is where the IDs of the columns that the engine adds begin.
const ReservedID = 0xffffff00

// Stats says what Write wrote.
type Stats struct {
	// Bytes is the size of the file.
	Bytes int64
	// Columns are in the order of the input's.
	Columns []ColumnStats
}

// ColumnStats says how one column was encoded.
type ColumnStats struct {
	ID uint32
	// Encoding and Lane are as in Column.Encoding and Column.Lane.
	Encoding Encoding
	Lane     int
	// Bytes is the size of the column's chunk.
	Bytes int64
}

// Encoding is how a column is stored.
type Encoding uint8

// The encodings; their bytes are in the package comment.
const (
	Constant Encoding = iota
	Frame
	Dictionary
	Plain
	Strings
	numEncodings
)

var encodingNames = [...]string{Constant: "constant", Frame: "frame", Dictionary: "dictionary", Plain: "plain", Strings: "strings"}

// String returns the encoding's name.
func (e Encoding) String() string { return encodingNames[e] }
