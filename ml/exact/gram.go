package exact

import (
	"encoding/binary"
	"errors"
	"fmt"

	"gonum.org/v1/gonum/floats"
)

// Gram holds the sums Σ left(i)·right(j), j ≤ i, over the rows of its terms:
// the lower triangle of X'WX where left is the weighted column and right the
// plain one. Every sum is exact.
//
// The first terms are dense columns, of which column 0 is the constant: right 1
// and left the row's weight. After them come indicators, the terms of
// categories, which are 1 in the rows that name them and 0 elsewhere. Their
// cells are sums over those rows alone, and new ones may come while rows arrive.
type Gram struct {
	dense int
	terms int
	// cells is the lower triangle by rows: cell (i, j), j ≤ i, at i(i+1)/2 + j.
	cells []Sum

	// left and right are the block at work; they are the same without weights.
	left, right []sliced
}

// Block is a set of rows.
type Block struct {
	// Rows is the number of rows in every column.
	Rows int
	// Right are the dense columns, Left those with the weight multiplied in, or
	// nil for Right. Where a product with the weight is rounded, it is rounded
	// before it comes here, once a row, so that the sum is still the same in any order.
	Left, Right []Column
	// Codes name, for each categorical feature, the row's indicator as a term of
	// the Gram, or −1 for none. Two features share no indicator.
	Codes [][]int32
}

// NewGram returns the empty matrix of dense ≥ 1 columns.
func NewGram(dense int) *Gram {
	g := &Gram{dense: dense}
	g.Grow(dense)
	return g
}

// Terms is the number of dense columns and indicators.
func (g *Gram) Terms() int { return g.terms }

// Grow makes room for terms, which are at least the present ones.
func (g *Gram) Grow(terms int) {
	if terms <= g.terms {
		return
	}
	g.terms = terms
	need := terms * (terms + 1) / 2
	if cap(g.cells) < need {
		wider := make([]Sum, len(g.cells), max(need, 2*cap(g.cells)))
		copy(wider, g.cells)
		g.cells = wider
	}
	g.cells = g.cells[:need]
}

// cellBytes is what a cell takes with a typical window of limbs, and an empty one.
const (
	cellBytes      = 32 + 48
	emptyCellBytes = 32
)

// GramBytes is about the memory of a matrix of dense columns and indicators of one
// feature, which never meet; numbers of very different size in one column take more limbs.
func GramBytes(dense, indicators int) int64 {
	d, k := int64(dense), int64(indicators)
	return (d*(d+1)/2+d*k+k)*cellBytes + k*(k-1)/2*emptyCellBytes
}

// Cell returns the sum of the products of terms i and j, for reading. With
// weights it is that of the weighted later one and the plain earlier one.
func (g *Gram) Cell(i, j int) *Sum {
	if i < j {
		i, j = j, i
	}
	return &g.cells[i*(i+1)/2+j]
}

// Add adds the rows of b.
func (g *Gram) Add(b *Block) { g.update(b, false) }

// Remove removes rows that have been added, or will be: the result is that of
// the other rows alone.
func (g *Gram) Remove(b *Block) { g.update(b, true) }

func (g *Gram) update(b *Block, remove bool) {
	if len(b.Right) != g.dense || b.Left != nil && len(b.Left) != g.dense {
		panic(fmt.Sprintf("exact: a block of %d and %d columns for a matrix of %d", len(b.Left), len(b.Right), g.dense))
	}
	if len(g.right) != g.dense {
		g.right = make([]sliced, g.dense)
	}
	for from := 0; from < b.Rows; from += blockRows {
		to := min(from+blockRows, b.Rows)
		left := g.right
		for j := range b.Right {
			g.right[j].split(b.Right[j].slice(from, to))
		}
		if b.Left != nil {
			if len(g.left) != g.dense {
				g.left = make([]sliced, g.dense)
			}
			left = g.left
			for i := range b.Left {
				left[i].split(b.Left[i].slice(from, to))
			}
		}
		for i := range left {
			row := g.cells[i*(i+1)/2:][:i+1]
			for j := range row {
				row[j].addSlices(&left[i], &g.right[j], remove)
				row[j].addRests(&left[i], &g.right[j], remove)
			}
		}
		for f := range b.Codes {
			g.addIndicators(b.Codes[:f+1], left, from, to, remove)
		}
	}
}

// addSlices adds the products of the slices.
func (s *Sum) addSlices(left, right *sliced, remove bool) {
	for a, x := range left.lanes {
		for b, y := range right.lanes {
			v := int64(floats.Dot(x, y))
			if remove {
				v = -v
			}
			s.addInt(v, left.units[a]+right.units[b])
		}
	}
}

// addRests adds what the slices leave of (l + l')·(r + r'), where l and r are
// the slices' parts: l'·(r + r') + (l + l')·r' − l'·r'.
func (s *Sum) addRests(left, right *sliced, remove bool) {
	for _, x := range left.rests {
		p, n := right.column.parts(x.row)
		s.addRest(x, p, n, 0, remove)
	}
	for _, y := range right.rests {
		p, n := left.column.parts(y.row)
		s.addRest(y, p, n, 0, remove)
		if x, ok := left.rest(y.row); ok {
			s.addRest(y, [2]float64{x.hi, x.lo}, 2, x.exponent, !remove)
		}
	}
}

// addRest adds x times the sum of p[:n] times 2^e, or subtracts it.
func (s *Sum) addRest(x rest, p [2]float64, n, e int, subtract bool) {
	for _, y := range p[:n] {
		s.addScaledProduct(x.hi, y, x.exponent+e, subtract)
		if x.lo != 0 {
			s.addScaledProduct(x.lo, y, x.exponent+e, subtract)
		}
	}
}

// addIndicators adds the cells of the last feature of codes: with the dense
// columns and with the features before it.
func (g *Gram) addIndicators(codes [][]int32, left []sliced, from, to int, remove bool) {
	last := codes[len(codes)-1][from:to]
	sign := 1.0
	if remove {
		sign = -1
	}
	for r, c := range last {
		if c < 0 {
			continue
		}
		row := g.cells[int(c)*int(c+1)/2:]
		for j := range left {
			p, n := left[j].column.parts(r)
			for _, x := range p[:n] {
				row[j].Add(sign * x)
			}
		}
		weight, n := left[0].column.parts(r)
		for _, other := range codes {
			if d := other[from+r]; d >= 0 {
				cell := g.Cell(int(c), int(d))
				for _, x := range weight[:n] {
					cell.Add(sign * x)
				}
			}
		}
	}
}

// Merge adds the rows of o, whose term i is term place(i) of g; nil if they are the same.
// The dense columns are the same anyway.
func (g *Gram) Merge(o *Gram, place func(term int) int) { g.combine(o, place, (*Sum).Merge) }

// Subtract removes the rows of o.
func (g *Gram) Subtract(o *Gram, place func(term int) int) { g.combine(o, place, (*Sum).Sub) }

func (g *Gram) combine(o *Gram, place func(int) int, op func(s, o *Sum)) {
	if g.dense != o.dense {
		panic(fmt.Sprintf("exact: matrices of %d and %d columns", g.dense, o.dense))
	}
	for i := range o.terms {
		to := i
		if place != nil {
			to = place(i)
		}
		g.Grow(to + 1)
		for j := range i + 1 {
			at := j
			if place != nil {
				at = place(j)
			}
			op(g.Cell(to, at), o.Cell(i, j))
		}
	}
}

// Mean returns the weighted mean of a term.
func (g *Gram) Mean(term int) float64 {
	n, ok := g.Cell(0, 0).Exponent()
	if !ok {
		return 0
	}
	e, ok := g.Cell(term, 0).Exponent()
	if !ok {
		return 0
	}
	return g.Cell(term, 0).DD(-e).Div(g.Cell(0, 0).DD(-n)).Ldexp(e - n).Float()
}

// The binary form: a version, the numbers of columns and of terms as uint32,
// the cells as sums.
const (
	gramVersion     = 1
	gramHeaderBytes = 9
	// maxTerms bounds what is read, and with it what a decoder allocates.
	maxTerms = 1 << 14
)

// errGram is the error for bytes that no Gram wrote.
var errGram = errors.New("exact: bytes are not a matrix of products")

// MarshalBinary returns the binary form: the same bytes for the same rows.
func (g *Gram) MarshalBinary() ([]byte, error) {
	b := []byte{gramVersion}
	b = binary.LittleEndian.AppendUint32(b, uint32(g.dense))
	b = binary.LittleEndian.AppendUint32(b, uint32(g.terms))
	for i := range g.cells {
		var err error
		if b, err = g.cells[i].AppendBinary(b); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// UnmarshalBinary reads what MarshalBinary wrote.
func (g *Gram) UnmarshalBinary(b []byte) error {
	if len(b) < gramHeaderBytes || b[0] != gramVersion {
		return errGram
	}
	dense, terms := binary.LittleEndian.Uint32(b[1:]), binary.LittleEndian.Uint32(b[5:])
	b = b[gramHeaderBytes:]
	if dense < 1 || terms < dense || terms > maxTerms || int(terms)*int(terms+1)/2*sumHeaderBytes > len(b) {
		return errGram
	}
	*g = Gram{dense: int(dense)}
	g.Grow(int(terms))
	for i := range g.cells {
		var err error
		if b, err = g.cells[i].decode(b); err != nil {
			return err
		}
	}
	if len(b) > 0 {
		return errGram
	}
	return nil
}
