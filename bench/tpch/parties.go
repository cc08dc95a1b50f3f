package tpch

import "strconv"

// The tables of places and parties: region, nation, supplier, customer. The long numbers here and in
// the other tables' files are the benchmark's seeds, one for each column.

const (
	suppliersPerScale = 10_000
	customersPerScale = 150_000

	minBalance, maxBalance = -99999, 999999 // cents

	// Some suppliers' comments have a planted phrase that query 16 looks for: rows in plantedOf.
	planted, plantedOf = 10, suppliersPerScale
	// plantedCustomer and one of the other two, which are as long as each other.
	plantedCustomer   = "Customer "
	plantedComplaints = "Complaints"
	plantedRecommends = "Recommends"
)

func fillRegion(b *builder, j job) error {
	comment := j.text(1500869201, 72, 1)
	key, name, text := &b.cols[0], &b.cols[1], &b.cols[2]
	for i := j.first; i < j.first+j.count; i++ {
		key.int(i)
		name.constant(regionNames[i])
		text.comment(comment.draw())
		comment.endRow()
		if err := b.endRows(1, 1); err != nil {
			return err
		}
	}
	return nil
}

func fillNation(b *builder, j job) error {
	comment := j.text(606179079, 72, 1)
	key, name, region, text := &b.cols[0], &b.cols[1], &b.cols[2], &b.cols[3]
	for i := j.first; i < j.first+j.count; i++ {
		key.int(i)
		name.constant(nations[i].name)
		region.int(nations[i].region)
		text.comment(comment.draw())
		comment.endRow()
		if err := b.endRows(1, 1); err != nil {
			return err
		}
	}
	return nil
}

func fillSupplier(b *builder, j job) error {
	address := j.addresses(706178559)
	nation := j.stream(110356601, 1)
	phone := j.stream(884434366, 3)
	balance := j.stream(962338209, 1)
	comment := j.text(1341315363, 63, 1)
	plant := newPlanter(j)
	for row := j.first; row < j.first+j.count; row++ {
		b.cols[0].int(row + 1)
		b.cols[1].numbered("Supplier#", row+1)
		b.cols[2].text = address.appendTo(b.cols[2].text)
		b.cols[2].endText()
		nationKey := nation.between(0, int64(len(nations)-1))
		b.cols[3].int(nationKey)
		b.cols[4].phone(nationKey, &phone)
		b.cols[5].int(balance.between(minBalance, maxBalance))
		text := &b.cols[6]
		start, c := len(text.text), comment.draw()
		text.text = find(int(c.offset)).appendTo(text.text, int(c.length))
		plant.into(text.text[start:])
		text.endText()

		address.endRow()
		nation.endRow()
		phone.endRow()
		balance.endRow()
		comment.endRow()
		if err := b.endRows(1, 1); err != nil {
			return err
		}
	}
	return nil
}

func fillCustomer(b *builder, j job) error {
	address := j.addresses(881155353)
	nation := j.stream(1489529863, 1)
	phone := j.stream(1521138112, 3)
	balance := j.stream(298370230, 1)
	segment := j.stream(1140279430, 1)
	comment := j.text(1335826707, 73, 1)
	for row := j.first; row < j.first+j.count; row++ {
		b.cols[0].int(row + 1)
		b.cols[1].numbered("Customer#", row+1)
		b.cols[2].text = address.appendTo(b.cols[2].text)
		b.cols[2].endText()
		nationKey := nation.between(0, int64(len(nations)-1))
		b.cols[3].int(nationKey)
		b.cols[4].phone(nationKey, &phone)
		b.cols[5].int(balance.between(minBalance, maxBalance))
		b.cols[6].constant(segments[segment.below(uint64(len(segments)))])
		b.cols[7].comment(comment.draw())

		address.endRow()
		nation.endRow()
		phone.endRow()
		balance.endRow()
		segment.endRow()
		comment.endRow()
		if err := b.endRows(1, 1); err != nil {
			return err
		}
	}
	return nil
}

// planter overwrites, in some suppliers' comments, two places with "Customer " and "Complaints" or
// "Recommends", in this order and with a random distance.
type planter struct {
	whether, noise, place, which stream
}

func newPlanter(j job) planter {
	return planter{
		whether: j.stream(202794285, 1),
		noise:   j.stream(263032577, 1),
		place:   j.stream(715851524, 1),
		which:   j.stream(753643799, 1),
	}
}

// into draws for one row and changes its comment in place.
func (p *planter) into(comment []byte) {
	if p.whether.between(1, plantedOf) <= planted {
		slack := int64(len(comment) - len(plantedCustomer) - len(plantedComplaints))
		noise := p.noise.between(0, slack)
		at := p.place.between(0, slack-noise)
		second := plantedRecommends
		if p.which.between(0, 100) < 50 {
			second = plantedComplaints
		}
		at += int64(copy(comment[at:], plantedCustomer)) + noise
		copy(comment[at:], second)
	}
	p.whether.endRow()
	p.noise.endRow()
	p.place.endRow()
	p.which.endRow()
}

// addressStream draws strings of 10 to 40 characters of addressLetters.
type addressStream struct {
	stream
	// width scales a draw to the 30 bits that five characters take. The benchmark asks for the range
	// 0 … 2^31−1, and its width overflows 32-bit integers: dbgen's draws are negative.
	width float64
}

// addressLetters are the 64 characters of random strings.
const addressLetters = "0123456789abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ,"

func (j job) addresses(seed uint64) addressStream {
	s := addressStream{j.stream(seed, 9), -(1 << 31)} // a length and eight times five characters
	if j.variant == DuckDB {
		s.width = 1 << 31
	}
	return s
}

func (a *addressStream) appendTo(dst []byte) []byte {
	var bits int64
	for i := range a.between(10, 40) {
		if i%5 == 0 {
			bits = int64(float64(a.next()) / modulus * a.width)
		}
		dst = append(dst, addressLetters[bits&63])
		bits >>= 6
	}
	return dst
}

// numbered appends a name such as "Supplier#000000001".
func (c *builderColumn) numbered(prefix string, n int64) {
	c.text = append(c.text, prefix...)
	c.text = appendPadded(c.text, n, 9)
	c.endText()
}

// phone appends a number such as "27-918-335-1736"; its country code is the nation's key plus ten.
func (c *builderColumn) phone(nation int64, s *stream) {
	c.text = appendPadded(c.text, 10+nation, 2)
	c.text = appendPadded(append(c.text, '-'), s.between(100, 999), 3)
	c.text = appendPadded(append(c.text, '-'), s.between(100, 999), 3)
	c.text = appendPadded(append(c.text, '-'), s.between(1000, 9999), 4)
	c.endText()
}

// appendPadded appends a number that is not negative with leading zeros, at least width digits.
func appendPadded(dst []byte, n int64, width int) []byte {
	limit := int64(1)
	for range width - 1 {
		limit *= 10
	}
	for ; n < limit && limit > 1; limit /= 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, n, 10)
}
