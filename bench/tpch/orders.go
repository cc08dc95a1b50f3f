package tpch

// The tables of sales: orders and lineitem. An order's price and status follow from its lines, so both
// tables draw the lines' numbers, from streams of the same seeds.

const (
	ordersPerScale = 1_500_000
	clerksPerScale = 1000
	maxLines       = 7

	firstOrderDay = 8035 // 1992-01-01, in days since 1970-01-01
	orderDays     = 2405 // 2,557 days of data less the longest time to ship and receive, less one
	currentDay    = 9298 // 1995-06-17: what was shipped or received until then is closed
)

// orderKey returns the key of order n, counted from one: of each 32 keys only the first eight are used.
func orderKey(n int64) int64 { return n>>3<<5 | n&7 }

// orderStreams are the streams that both tables need, a row being an order.
type orderStreams struct {
	day, lines              stream
	quantity, discount, tax stream
	part                    keyStream
	ship                    stream
}

func newOrderStreams(j job) orderStreams {
	return orderStreams{
		day:      j.stream(1066728069, 1),
		lines:    j.stream(1434868289, 1),
		quantity: j.stream(209208115, maxLines),
		discount: j.stream(554590007, maxLines),
		tax:      j.stream(721958466, maxLines),
		part:     j.keys(1808217256, maxLines, scaled(partsPerScale, j.sf)),
		ship:     j.stream(1769349045, maxLines),
	}
}

func (s *orderStreams) endRow() {
	s.day.endRow()
	s.lines.endRow()
	s.quantity.endRow()
	s.discount.endRow()
	s.tax.endRow()
	s.part.endRow()
	s.ship.endRow()
}

// orderDay draws the order's date.
func (s *orderStreams) orderDay() int32 {
	return int32(firstOrderDay + s.day.between(0, orderDays))
}

// line is what both tables know of an order's line.
type line struct {
	part, quantity int64
	price          int64 // quantity times the retail price, in cents
	discount, tax  int64 // per cent
	shipDay        int32
}

func (s *orderStreams) line(orderDay int32) line {
	l := line{
		quantity: s.quantity.between(1, 50),
		discount: s.discount.between(0, 10),
		tax:      s.tax.between(0, 8),
		part:     s.part.next(),
		shipDay:  orderDay + int32(s.ship.between(1, 121)),
	}
	l.price = retailPrice(l.part) * l.quantity
	return l
}

// charge returns what the line adds to the order's total, in cents: each step cuts fractions.
func (l line) charge() int64 {
	return l.price * (100 - l.discount) / 100 * (100 + l.tax) / 100
}

func fillOrders(b *builder, j job) error {
	s := newOrderStreams(j)
	customers := scaled(customersPerScale, j.sf)
	customer := j.keys(851767375, 1, customers)
	priority := j.stream(591449447, 1)
	clerk := j.stream(1171034773, 1)
	clerks := max(scaled(clerksPerScale, j.sf), clerksPerScale)
	comment := j.text(276090261, 49, 1)
	for n := j.first + 1; n <= j.first+j.count; n++ {
		day := s.orderDay()
		total, shipped := int64(0), int64(0)
		lines := s.lines.between(1, maxLines)
		for range lines {
			l := s.line(day)
			total += l.charge()
			if l.shipDay <= currentDay {
				shipped++
			}
		}
		b.cols[0].int(orderKey(n))
		b.cols[1].int(ordering(customer.next(), customers))
		b.cols[2].constant(orderStatus(shipped, lines))
		b.cols[3].int(total)
		b.cols[4].date(day)
		b.cols[5].constant(priorities[priority.below(uint64(len(priorities)))])
		b.cols[6].numbered("Clerk#", clerk.between(1, clerks))
		b.cols[7].int(0)
		b.cols[8].comment(comment.draw())

		s.endRow()
		customer.endRow()
		priority.endRow()
		clerk.endRow()
		comment.endRow()
		if err := b.endRows(1, 1); err != nil {
			return err
		}
	}
	return nil
}

// ordering returns the customer who places an order drawn for c: a third of them, those whose key
// divides by three, never order, and a neighbor does.
func ordering(c, customers int64) int64 {
	for delta := int64(1); c%3 == 0; delta = -delta {
		c = min(c+delta, customers)
	}
	return c
}

func orderStatus(shipped, lines int64) string {
	switch shipped {
	case lines:
		return "F"
	case 0:
		return "O"
	}
	return "P"
}

// fillLineitem's driving rows are orders.
func fillLineitem(b *builder, j job) error {
	s := newOrderStreams(j)
	rest := newLineStreams(j)
	suppliers := scaled(suppliersPerScale, j.sf)
	for n := j.first + 1; n <= j.first+j.count; n++ {
		key, day := orderKey(n), s.orderDay()
		lines := s.lines.between(1, maxLines)
		for number := int64(1); number <= lines; number++ {
			l := s.line(day)
			b.cols[0].int(key)
			b.cols[1].int(l.part)
			b.cols[2].int(partSupplier(l.part, rest.supplier.between(0, suppliersPerPart-1), suppliers))
			b.cols[3].int(number)
			b.cols[4].int(l.quantity * 100)
			b.cols[5].int(l.price)
			b.cols[6].int(l.discount)
			b.cols[7].int(l.tax)
			rest.append(b.cols[8:], day, l.shipDay)
		}
		s.endRow()
		rest.endRow()
		if err := b.endRows(int(lines), maxLines); err != nil {
			return err
		}
	}
	return nil
}

// lineStreams are the streams that only lineitem needs.
type lineStreams struct {
	supplier, commit, receipt, returned, instruct, mode stream
	comment                                             textStream
}

func newLineStreams(j job) lineStreams {
	return lineStreams{
		supplier: j.stream(2095021727, maxLines),
		commit:   j.stream(904914315, maxLines),
		receipt:  j.stream(373135028, maxLines),
		returned: j.stream(717419739, maxLines),
		instruct: j.stream(1371272478, maxLines),
		mode:     j.stream(675466456, maxLines),
		comment:  j.text(1095462486, 27, maxLines),
	}
}

func (s *lineStreams) endRow() {
	s.supplier.endRow()
	s.commit.endRow()
	s.receipt.endRow()
	s.returned.endRow()
	s.instruct.endRow()
	s.mode.endRow()
	s.comment.endRow()
}

// append draws a line's columns from l_returnflag on. Only lines that were received draw a flag.
func (s *lineStreams) append(cols []builderColumn, orderDay, shipDay int32) {
	receiptDay := shipDay + int32(s.receipt.between(1, 30))
	flag, status := "N", "O"
	if receiptDay <= currentDay {
		flag = returnFlags[s.returned.below(uint64(len(returnFlags)))]
	}
	if shipDay <= currentDay {
		status = "F"
	}
	cols[0].constant(flag)
	cols[1].constant(status)
	cols[2].date(shipDay)
	cols[3].date(orderDay + int32(s.commit.between(30, 90)))
	cols[4].date(receiptDay)
	cols[5].constant(shipInstructs[s.instruct.below(uint64(len(shipInstructs)))])
	cols[6].constant(shipModes[s.mode.below(uint64(len(shipModes)))])
	cols[7].comment(s.comment.draw())
}

// countLines returns the number of lines of the first orders.
func countLines(orders int64) int64 {
	lines, n := newStream(1434868289, 1, 0), int64(0)
	for range orders {
		n += lines.between(1, maxLines)
		lines.endRow()
	}
	return n
}
