package ml

// Block is a number of rows as algorithms see them: dense columns, without
// selections, encodings and SQL types. Who is given a block must not change it, and
// must copy what it keeps longer than the call.
type Block struct {
	Rows int
	// Columns has one column a feature.
	Columns []Column
	// The fields below are those of training rows.

	// Target has the rows' target values, finite; nil for classifiers and where there is none.
	Target []float64
	// Class has the number of each row's class, nil unless for classifiers.
	Class []int32
}

// Column is the values of one feature.
type Column struct {
	// Numbers are those of a Number, NaN where it is NULL.
	Numbers []float64
	// Codes are those of a Category: see Feature.Categories, Missing and Unseen.
	Codes []int32
}

// cut shortens a column to its first n rows.
func (c *Column) cut(n int) {
	if c.Numbers != nil {
		c.Numbers = c.Numbers[:n]
	}
	if c.Codes != nil {
		c.Codes = c.Codes[:n]
	}
}

// bytes is what a row of features and a target takes.
func rowBytes(features []Feature) int64 {
	n := int64(8)
	for i := range features {
		if features[i].Kind == Category {
			n += 4
		} else {
			n += 8
		}
	}
	return n
}
