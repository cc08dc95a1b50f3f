package demo

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"htapdb/htap"
)

// The size of the booking office, as schema.sql makes it.
const (
	customerCount = 20_000
	// hotDepartures are those that everybody wants: one booking in hotShare.
	hotDepartures = 24
	hotShare      = 10
	// regulars are customers who book often: one booking in regularShare.
	regulars     = 10
	regularShare = 20
)

// office is what the writers share.
type office struct {
	db         *htap.DB
	departures int64
	// bookings and payments number the rows.
	bookings, payments atomic.Int64
	m                  *meters
}

// writer books, cancels and rebooks in transactions, on one session.
type writer struct {
	o   *office
	s   *htap.Session
	rng *rand.Rand
	// mine are bookings that this writer may cancel or move, bounded.
	mine []booked
	stmt map[string]*htap.Stmt
}

// booked is a booking that stands.
type booked struct {
	id, customer, departure int64
	seats                   int
}

// maxMine bounds the bookings that a writer remembers.
const maxMine = 256

// statements are the writers' prepared ones.
var statements = map[string]string{
	"sell":   `UPDATE seats SET sold = sold + $2 WHERE departure = $1 AND sold + $2 <= capacity`,
	"return": `UPDATE seats SET sold = sold - $2 WHERE departure = $1`,
	"book":   `INSERT INTO bookings (id, customer, departure, seats, price, status) SELECT $1, $2, id, $4, price * $4, 'booked' FROM departures WHERE id = $3`,
	"pay":    `INSERT INTO payments (id, booking, customer, amount) SELECT $1, id, customer, price FROM bookings WHERE id = $2`,
	"refund": `INSERT INTO payments (id, booking, customer, amount) SELECT $1, id, customer, -price FROM bookings WHERE id = $2`,
	"charge": `UPDATE customers SET balance = balance - $2, miles = miles + 500 WHERE id = $1`,
	"credit": `UPDATE customers SET balance = balance + $2, miles = miles - 500 WHERE id = $1`,
	"cancel": `UPDATE bookings SET status = 'cancelled' WHERE id = $1 AND status = 'booked' RETURNING price`,
	"rebook": `UPDATE bookings SET departure = $2 WHERE id = $1`,
	"price":  `SELECT price FROM bookings WHERE id = $1`,
}

func newWriter(ctx context.Context, o *office, seed uint64) (*writer, error) {
	w := &writer{o: o, s: o.db.Session(ctx), rng: rand.New(rand.NewPCG(seed, seed)), stmt: map[string]*htap.Stmt{}}
	for name, sql := range statements {
		st, err := w.s.Prepare(ctx, sql)
		if err != nil {
			_ = w.s.Close()
			return nil, err
		}
		w.stmt[name] = st
	}
	return w, nil
}

// run works until ctx ends; it returns an error that is no conflict.
func (w *writer) run(ctx context.Context) error {
	defer w.s.Close()
	for ctx.Err() == nil {
		work := w.choose()
		began := time.Now()
		err := w.retry(ctx, work)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errSoldOut):
			w.o.m.soldOut.Add(1)
		case err != nil:
			return err
		default:
			w.o.m.transactions.add(time.Since(began))
		}
	}
	return nil
}

// errSoldOut ends a booking that finds no seats; it is rolled back.
var errSoldOut = errors.New("sold out")

// work is the body of a transaction.
type work struct {
	isolation string
	do        func(ctx context.Context) error
	// done runs after the commit.
	done func()
}

// choose picks what to do next: seven in ten book, the others change their mind.
func (w *writer) choose() work {
	n := w.rng.IntN(10)
	switch {
	case len(w.mine) == 0 || n < 7:
		return w.book()
	case n < 8:
		return w.cancel()
	}
	return w.rebook()
}

// backoff bounds the first wait before a transaction is tried again; each wait
// may be twice as long as the one before, up to 16 times the first.
const backoff = 2 * time.Millisecond

// retry runs a transaction, and after a conflict again, when the other one has
// had time to become visible.
func (w *writer) retry(ctx context.Context, t work) error {
	for try := 0; ; try++ {
		if try > 0 {
			time.Sleep(time.Duration(w.rng.Int64N(int64(backoff) << min(try, 4))))
		}
		err := w.transaction(ctx, t)
		var e *htap.Error
		if !errors.As(err, &e) || ctx.Err() != nil {
			return err
		}
		switch e.SQLState() {
		case "40001":
			w.o.m.serialization.Add(1)
		case "40P01":
			w.o.m.deadlocks.Add(1)
		default:
			return err
		}
	}
}

func (w *writer) transaction(ctx context.Context, t work) error {
	tx, err := w.s.Begin(ctx, htap.TxOptions{Isolation: t.isolation})
	if err != nil {
		return err
	}
	if err := t.do(ctx); err != nil {
		_ = tx.Rollback()
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return err
	}
	t.done()
	return nil
}

// exec runs a prepared statement and returns how many rows it wrote.
func (w *writer) exec(ctx context.Context, name string, args ...any) (int64, error) {
	res, err := w.stmt[name].Exec(ctx, args...)
	return res.RowsAffected, err
}

// departure picks one: some are wanted by everybody.
func (w *writer) departure() int64 {
	if w.rng.IntN(hotShare) == 0 {
		return w.hot()
	}
	return 1 + w.rng.Int64N(w.o.departures)
}

// hot picks a departure that everybody wants.
func (w *writer) hot() int64 { return 1 + w.rng.Int64N(min(hotDepartures, w.o.departures)) }

// customer picks one: some fly often.
func (w *writer) customer() int64 {
	if w.rng.IntN(regularShare) == 0 {
		return 1 + w.rng.Int64N(regulars)
	}
	return 1 + w.rng.Int64N(customerCount)
}

// book sells seats of a departure to a customer: one row changed by key, one
// guarded, two inserted.
func (w *writer) book() work {
	b := booked{id: w.o.bookings.Add(1), customer: w.customer(), departure: w.departure(), seats: 1 + w.rng.IntN(3)}
	payment := w.o.payments.Add(1)
	return work{isolation: "read committed", do: func(ctx context.Context) error {
		if n, err := w.exec(ctx, "sell", b.departure, b.seats); err != nil || n == 0 {
			return soldOut(err)
		}
		if _, err := w.exec(ctx, "book", b.id, b.customer, b.departure, b.seats); err != nil {
			return err
		}
		return w.settle(ctx, "pay", "charge", b, payment)
	}, done: func() { w.remember(b) }}
}

func soldOut(err error) error {
	if err != nil {
		return err
	}
	return errSoldOut
}

// settle moves the money of a booking between the customer and the office.
func (w *writer) settle(ctx context.Context, pay, account string, b booked, payment int64) error {
	if _, err := w.exec(ctx, pay, payment, b.id); err != nil {
		return err
	}
	price, err := w.price(ctx, b.id)
	if err != nil {
		return err
	}
	_, err = w.exec(ctx, account, b.customer, price)
	return err
}

// price reads a booking's price, as text so that it stays exact.
func (w *writer) price(ctx context.Context, id int64) (string, error) {
	rows, err := w.stmt["price"].Query(ctx, id)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var price string
	for rows.Next() {
		price = cellText(rows, 0)
	}
	return price, rows.Err()
}

// cancel gives a booking's seats and money back.
func (w *writer) cancel() work {
	b := w.forget()
	payment := w.o.payments.Add(1)
	return work{isolation: "read committed", do: func(ctx context.Context) error {
		if _, err := w.exec(ctx, "cancel", b.id); err != nil {
			return err
		}
		if _, err := w.exec(ctx, "return", b.departure, b.seats); err != nil {
			return err
		}
		return w.settle(ctx, "refund", "credit", b, payment)
	}, done: func() {}}
}

// rebook moves a booking to another departure. It takes the two rows of seats in
// either order, so that some transactions meet: on a snapshot the first updater
// wins, else a circle of waits is broken, and the loser tries again.
func (w *writer) rebook() work {
	b := w.forget()
	to := w.departure()
	if w.rng.IntN(5) == 0 {
		to = w.hot()
	}
	giveFirst := w.rng.IntN(2) == 0
	give := func(ctx context.Context) error { _, err := w.exec(ctx, "return", b.departure, b.seats); return err }
	take := func(ctx context.Context) error {
		n, err := w.exec(ctx, "sell", to, b.seats)
		if err != nil || n == 0 {
			return soldOut(err)
		}
		return nil
	}
	first, second := take, give
	if giveFirst {
		first, second = give, take
	}
	isolation := "repeatable read"
	if w.rng.IntN(2) == 0 {
		isolation = "read committed"
	}
	return work{isolation: isolation, do: func(ctx context.Context) error {
		if err := first(ctx); err != nil {
			return err
		}
		if err := second(ctx); err != nil {
			return err
		}
		_, err := w.exec(ctx, "rebook", b.id, to)
		return err
	}, done: func() {
		b.departure = to
		w.remember(b)
	}}
}

// remember keeps a booking for later, in place of another when there are many.
func (w *writer) remember(b booked) {
	if len(w.mine) < maxMine {
		w.mine = append(w.mine, b)
		return
	}
	w.mine[w.rng.IntN(maxMine)] = b
}

// forget takes one of the bookings.
func (w *writer) forget() booked {
	i := w.rng.IntN(len(w.mine))
	b := w.mine[i]
	w.mine[i] = w.mine[len(w.mine)-1]
	w.mine = w.mine[:len(w.mine)-1]
	return b
}
