package exact

import "math"

// System is the normal equations A·β = b of a least-squares fit, taken from a
// Gram: centred (if there is a constant among the terms), scaled by powers of
// two and rounded once, to double-double.
//
// Centring is exact: with the constant's weighted count n and the terms' sums s,
// the cell is (n·S(i,j) − s(i)·s(j)) / n, whose numerator is computed as an
// integer. So a column whose mean is 1e15 times its spread, which would lose 30
// digits in the difference, loses none, and a constant column has variance 0.
// For a weighted Gram this is the elimination of the constant from the equations.
type System struct {
	// Terms are the Gram's terms that the rows and columns stand for.
	Terms []int
	// Constant are the positions whose terms do not vary: all that is left of a
	// column's squares after centring may come from the rounding of its numbers.
	Constant []bool

	a       []DD      // lower triangle by rows: C(i,j)·2^(−scale(i)−scale(j)), penalties added
	b       []DD      // C(i,y)·2^(−scale(i)−yScale)
	yy      DD        // C(y,y)·2^(−2·yScale)
	penalty []DD      // as in a
	noise   []float64 // the share of a(i,i) that the column's rounding explains
	scale   []int
	yScale  int
	means   []DD // of the terms, times 2^−scale
	yMean   DD   // times 2^−yScale
	weight  DD   // the sum of weights times 2^−wScale; 1 without centring
	wScale  int
	centred bool
}

// Request says which equations a System holds.
type Request struct {
	// Terms are the explaining terms, Target the explained one, which is dense.
	Terms  []int
	Target int
	// Centred eliminates the constant, term 0, which is then not among Terms.
	Centred bool
	// Penalty is added to the diagonal, by position, in the units of the
	// columns' squares; nil for none.
	Penalty []float64
	// Rounding is the absolute error of the terms' numbers, by position; nil if
	// they are doubles as they came.
	Rounding []float64
	// Check is called every few milliseconds; its error ends the work.
	Check func() error
}

// SystemBytes is the memory that a System of p terms and its Factor take.
func SystemBytes(p int) int64 {
	n := int64(p)
	return 16*(n*(n+1)/2) + 16*n*n + 300*n
}

// roundingNoise is the square of the relative error of a double, 2⁻⁵³, and a
// factor of 4 for columns computed in two roundings: what a column that is the
// rounded combination of others keeps of its own squares.
const roundingNoise = 0x1p-104

// System returns the normal equations of the request.
func (g *Gram) System(q *Request) (*System, error) {
	p := len(q.Terms)
	s := &System{Terms: q.Terms, Constant: make([]bool, p), a: make([]DD, p*(p+1)/2), b: make([]DD, p),
		penalty: make([]DD, p), noise: make([]float64, p), scale: make([]int, p), means: make([]DD, p),
		weight: FromFloat(1), centred: q.Centred}
	if q.Centred {
		s.wScale, _ = g.Cell(0, 0).Exponent()
		s.weight = g.Cell(0, 0).DD(-s.wScale)
	}
	if e, ok := g.Cell(q.Target, q.Target).Exponent(); ok {
		s.yScale = halfExponent(e)
	}
	work := ticker{check: q.Check}
	for i, t := range q.Terms {
		penalty := 0.0
		if q.Penalty != nil {
			penalty = q.Penalty[i]
		}
		rounding := math.NaN()
		if q.Rounding != nil {
			rounding = q.Rounding[i]
		}
		s.diagonal(g, i, t, penalty, rounding)
		row := s.a[i*(i+1)/2:][:i]
		for j := range row {
			if !s.Constant[i] && !s.Constant[j] {
				row[j] = s.centre(g, t, q.Terms[j], -s.scale[i]-s.scale[j])
			}
			if err := work.tick(cellOperations); err != nil {
				return nil, err
			}
		}
		if !s.Constant[i] {
			s.b[i] = s.centre(g, t, q.Target, -s.scale[i]-s.yScale)
		}
		s.means[i] = s.mean(g, t, s.scale[i])
	}
	s.yy = s.centre(g, q.Target, q.Target, -2*s.yScale)
	s.yMean = s.mean(g, q.Target, s.yScale)
	return s, nil
}

// cellOperations is what centring a cell costs, in operations of the factorization.
const cellOperations = 50

// halfExponent is e/2 rounded down.
func halfExponent(e int) int { return e >> 1 }

// diagonal sets the scale of position i and its diagonal entry. rounding is NaN
// for that of doubles.
func (s *System) diagonal(g *Gram, i, t int, penalty, rounding float64) {
	raw, ok := g.Cell(t, t).Exponent()
	if !ok {
		s.Constant[i] = true
		return
	}
	// What centring leaves of the squares, both times 2^−raw.
	centred := s.centre(g, t, t, -raw).Hi
	noise := roundingNoise * g.Cell(t, t).DD(-raw).Hi
	if !math.IsNaN(rounding) {
		n, e := 1.0, 0
		if s.centred {
			n, e = s.weight.Hi, s.wScale
		}
		noise = math.Max(roundingNoise, math.Ldexp(rounding*rounding*n, e-raw))
	}
	if !(centred > noise) {
		s.Constant[i] = true
		return
	}
	s.noise[i] = noise / centred
	_, e := math.Frexp(centred)
	e += raw
	if penalty > 0 {
		_, pe := math.Frexp(penalty)
		e = max(e, pe)
	}
	s.scale[i] = halfExponent(e)
	s.penalty[i] = FromFloat(math.Ldexp(penalty, -2*s.scale[i]))
	s.a[i*(i+1)/2+i] = s.centre(g, t, t, -2*s.scale[i]).Add(s.penalty[i])
}

// centre returns the centred cell (i, j) times 2^e.
func (s *System) centre(g *Gram, i, j, e int) DD {
	if !s.centred {
		return g.Cell(i, j).DD(e)
	}
	var c Sum
	c.addProductOf(g.Cell(0, 0), g.Cell(i, j), false)
	c.addProductOf(g.Cell(i, 0), g.Cell(j, 0), true)
	return c.DD(e - s.wScale).Div(s.weight)
}

// mean returns the mean of term t times 2^−scale.
func (s *System) mean(g *Gram, t, scale int) DD {
	if !s.centred {
		return DD{}
	}
	return g.Cell(t, 0).DD(-scale - s.wScale).Div(s.weight)
}

// AddRHS adds v, in the units of the Gram's cells, to the right side at position i.
func (s *System) AddRHS(i int, v float64) {
	s.b[i] = s.b[i].Add(FromFloat(v).Ldexp(-s.scale[i] - s.yScale))
}

// Far reports whether the term at a position is further from zero on average than 1000
// times its deviation: then an intercept at zero costs predictions digits.
func (s *System) Far(i int) bool {
	const far = 1000
	deviation := math.Sqrt(s.at(i, i).Hi / s.weight.Ldexp(s.wScale).Hi)
	return math.Abs(s.means[i].Hi) > far*deviation
}

// ticker calls check about every millisecond of double-double operations.
type ticker struct {
	check func() error
	done  int
}

// operationsPerCheck take about a millisecond at 10 ns each.
const operationsPerCheck = 100_000

func (t *ticker) tick(operations int) error {
	if t.done += operations; t.done < operationsPerCheck || t.check == nil {
		return nil
	}
	t.done = 0
	return t.check()
}
