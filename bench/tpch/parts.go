package tpch

import "strconv"

// The tables of goods: part and partsupp.

const (
	partsPerScale    = 200_000
	suppliersPerPart = 4
	nameWords        = 5
)

// retailPrice returns a part's price in cents.
func retailPrice(part int64) int64 { return 90000 + part/10%20001 + part%1000*100 }

// partSupplier returns the i-th of a part's four suppliers, i from zero, of the given number of
// suppliers in all.
func partSupplier(part, i, suppliers int64) int64 {
	return (part+i*(suppliers/suppliersPerPart+(part-1)/suppliers))%suppliers + 1
}

func fillPart(b *builder, j job) error {
	name := j.names(709314158)
	maker := j.stream(1, 1)
	brand := j.stream(46831694, 1)
	kind := j.stream(1841581359, 1)
	size := j.stream(1193163244, 1)
	container := j.stream(727633698, 1)
	comment := j.text(804159733, 14, 1)
	for row := j.first; row < j.first+j.count; row++ {
		b.cols[0].int(row + 1)
		b.cols[1].text = name.appendTo(b.cols[1].text)
		b.cols[1].endText()
		m := maker.between(1, 5)
		b.cols[2].constant(makers[m-1])
		b.cols[3].constant(brands[(m-1)*5+brand.between(1, 5)-1])
		b.cols[4].constant(partTypes[kind.below(uint64(len(partTypes)))])
		b.cols[5].int(size.between(1, 50))
		b.cols[6].constant(containers[container.below(uint64(len(containers)))])
		b.cols[7].int(retailPrice(row + 1))
		b.cols[8].comment(comment.draw())

		name.endRow()
		maker.endRow()
		brand.endRow()
		kind.endRow()
		size.endRow()
		container.endRow()
		comment.endRow()
		if err := b.endRows(1, 1); err != nil {
			return err
		}
	}
	return nil
}

// makers are the values of p_mfgr; brands[(m-1)*5+n-1] is brand n of maker m.
var makers, brands = func() (makers, brands []string) {
	for m := 1; m <= 5; m++ {
		makers = append(makers, "Manufacturer#"+strconv.Itoa(m))
		for n := 1; n <= 5; n++ {
			brands = append(brands, "Brand#"+strconv.Itoa(m*10+n))
		}
	}
	return makers, brands
}()

// nameStream draws part names: the first five colors of a shuffle. A row owns as many draws as there
// are colors.
type nameStream struct {
	stream
	order []uint8 // positions in colors
}

func (j job) names(seed uint64) nameStream {
	return nameStream{j.stream(seed, int64(len(colors))), make([]uint8, len(colors))}
}

func (s *nameStream) appendTo(dst []byte) []byte {
	for i := range s.order {
		s.order[i] = uint8(i)
	}
	for i := range nameWords {
		other := s.between(int64(i), int64(len(s.order)-1))
		s.order[i], s.order[other] = s.order[other], s.order[i]
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, colors[s.order[i]]...)
	}
	return dst
}

// fillPartsupp's driving rows are parts.
func fillPartsupp(b *builder, j job) error {
	available := j.stream(1671059989, suppliersPerPart)
	cost := j.stream(1051288424, suppliersPerPart)
	comment := j.text(1961692154, 124, suppliersPerPart)
	suppliers := scaled(suppliersPerScale, j.sf)
	for part := j.first + 1; part <= j.first+j.count; part++ {
		for i := range int64(suppliersPerPart) {
			b.cols[0].int(part)
			b.cols[1].int(partSupplier(part, i, suppliers))
			b.cols[2].int(available.between(1, 9999))
			b.cols[3].int(cost.between(100, 100000))
			b.cols[4].comment(comment.draw())
		}
		available.endRow()
		cost.endRow()
		comment.endRow()
		if err := b.endRows(suppliersPerPart, suppliersPerPart); err != nil {
			return err
		}
	}
	return nil
}
