package crashtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"htapdb/htap"
	"htapdb/sql/sqlstate"
)

// observer is told what the workload does: a ledger, or the pipe to one.
type observer interface {
	begin(w int, n int64)
	ack(w int, n int64, sync bool)
	identity(id int64)
	fail(format string, args ...any)
}

// workload is what runs on a database until it is killed or stopped.
type workload struct {
	db    *htap.DB
	obs   observer
	seed  uint64
	from  [numWriters]int64 // the last transaction of each writer that is there
	async [numWriters]bool
	// lazy says that nothing asks for durability but the engine's own timer.
	lazy bool
	stop chan struct{}
	wg   sync.WaitGroup
}

// Sizes of the workload.
const (
	slots       = 24
	accounts    = 32
	balance     = 1000
	historyKept = 40
	uniqueKept  = 20
	shiftyKept  = 30
)

// schema is made in one transaction: after a crash there is all of it or nothing.
var schema = []string{
	`CREATE TABLE kv (id BIGINT PRIMARY KEY, v BIGINT NOT NULL, pad TEXT)`,
	`CREATE TABLE heap (slot BIGINT NOT NULL, v BIGINT NOT NULL, pad TEXT)`,
	`CREATE TABLE accounts (id INT PRIMARY KEY, balance BIGINT NOT NULL, note TEXT)`,
	`CREATE TABLE history (writer INT NOT NULL, n BIGINT NOT NULL, src INT, dst INT, amount BIGINT)`,
	`CREATE TABLE uniq (id BIGINT PRIMARY KEY, code TEXT NOT NULL UNIQUE, label TEXT, v BIGINT)`,
	`CREATE INDEX uniq_label ON uniq (label)`,
	`CREATE TABLE idents (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n BIGINT NOT NULL)`,
	`CREATE TABLE bulk (id BIGINT PRIMARY KEY, load BIGINT NOT NULL, code TEXT UNIQUE, pad TEXT)`,
	`CREATE TABLE pile (load BIGINT NOT NULL, i INT NOT NULL, pad TEXT)`,
	`CREATE TABLE loads (n BIGINT PRIMARY KEY, into_bulk BIGINT NOT NULL, into_pile BIGINT NOT NULL)`,
	`CREATE TABLE shifty (n BIGINT NOT NULL, v BIGINT NOT NULL)`,
	`CREATE TABLE emptied (n BIGINT NOT NULL)`,
	`CREATE TABLE progress (writer INT, half INT, n BIGINT NOT NULL, PRIMARY KEY (writer, half))`,
}

// createSchema makes the tables unless they are there.
func createSchema(ctx context.Context, db *htap.DB) error {
	s := db.Session(ctx)
	defer s.Close()
	if n, err := number(s, `SELECT count(*) FROM information_schema.tables WHERE table_name = 'progress'`); err != nil || n > 0 {
		return err
	}
	script := append([]string(nil), schema...)
	script = append(script, fmt.Sprintf(`INSERT INTO accounts SELECT i, %d, 'a' FROM generate_series(1, %d) AS g(i)`, balance, accounts))
	script = append(script, fmt.Sprintf(`INSERT INTO progress SELECT w, h, 0 FROM generate_series(0, %d) AS a(w), generate_series(0, 1) AS b(h)`, numWriters-1))
	_, err := s.Exec(ctx, strings.Join(script, ";\n"))
	return err
}

// number returns the one number that a query gives.
func number(s *htap.Session, sql string, args ...any) (n int64, err error) {
	rows, err := s.Query(context.Background(), sql, args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return 0, err
		}
	}
	return n, rows.Err()
}

// start runs the writers, a reader and a checkpointer until stop.
func (w *workload) start() {
	w.stop = make(chan struct{})
	steps := [numWriters]func(*client, int64) error{
		kvWriter: (*client).kv, heapWriter: (*client).heap, transferA: (*client).transfer, transferB: (*client).transfer,
		uniqueWriter: (*client).unique, identityWriter: (*client).identity, bulkWriter: (*client).bulk,
		shiftyWriter: (*client).shifty, ddlWriter: (*client).ddl,
	}
	for i, step := range steps {
		w.wg.Go(func() { w.writer(i, step) })
	}
	w.wg.Go(w.reader)
	if !w.lazy {
		w.wg.Go(w.checkpoints)
	}
}

// relax chooses the writers that do not wait for durability: some, or all.
func (w *workload) relax(rng *rand.Rand) {
	w.lazy = rng.IntN(3) == 0
	for i := range w.async {
		w.async[i] = w.lazy || rng.IntN(4) == 0
	}
}

func (w *workload) end() {
	close(w.stop)
	w.wg.Wait()
}

func (w *workload) stopped() bool {
	select {
	case <-w.stop:
		return true
	default:
		return false
	}
}

// client is a writer's session.
type client struct {
	*htap.Session
	w   *workload
	id  int
	rng *rand.Rand
	// sync is the session's synchronous_commit.
	sync bool
}

func (w *workload) newClient(id int) *client {
	return &client{Session: w.db.Session(context.Background()), w: w, id: id,
		rng: rand.New(rand.NewPCG(w.seed, uint64(id))), sync: !w.async[max(id, 0)]}
}

// writer runs one writer's transactions in order. One that loses a conflict is
// tried again.
func (w *workload) writer(id int, step func(*client, int64) error) {
	c := w.newClient(id)
	defer c.Close()
	if !c.sync {
		if err := c.Set("synchronous_commit", "off"); err != nil {
			w.obs.fail("%v", err)
			return
		}
	}
	for n := w.from[id] + 1; !w.stopped(); n++ {
		for tries := 0; ; tries++ {
			if err := c.Set("htap.route", []string{"auto", "auto", "row", "column"}[c.rng.IntN(4)]); err != nil {
				w.obs.fail("%v", err)
				return
			}
			err := step(c, n)
			if err == nil {
				break
			}
			if c.TxState() != 'I' {
				_ = c.exec("ROLLBACK") // the statement's error is what matters
			}
			if !retryable(err) || tries > 1000 {
				w.obs.fail("writer %d, transaction %d: %v", id, n, err)
				return
			}
			if w.stopped() {
				return
			}
		}
		if id == bulkWriter || id == ddlWriter {
			time.Sleep(time.Duration(c.rng.IntN(10)) * time.Millisecond) // leave the tables to others
		}
	}
}

// retryable reports errors that tell the client to try again.
func retryable(err error) bool {
	return sqlstate.Is(err, sqlstate.SerializationFailure) || sqlstate.Is(err, sqlstate.DeadlockDetected) || altered(err)
}

// altered reports that a table was altered between a statement's snapshot and
// its scan of the columns, which a forced route cannot get around.
func altered(err error) bool {
	return sqlstate.Is(err, sqlstate.ObjectNotInState) && strings.Contains(err.Error(), "another schema")
}

func (c *client) exec(sql string, args ...any) error {
	_, err := c.Exec(context.Background(), sql, args...)
	return err
}

// affect runs a statement that must affect exactly n rows.
func (c *client) affect(n int64, sql string, args ...any) error {
	res, err := c.Exec(context.Background(), sql, args...)
	if err == nil && res.RowsAffected != n {
		err = fmt.Errorf("%s %v affected %d rows instead of %d", sql, args, res.RowsAffected, n)
	}
	return err
}

// single runs transaction n, which is one statement.
func (c *client) single(n, rows int64, sql string, args ...any) error {
	c.w.obs.begin(c.id, n)
	if err := c.affect(rows, sql, args...); err != nil {
		return err
	}
	c.w.obs.ack(c.id, n, c.sync)
	return nil
}

// commit ends transaction n of several statements, which leaves its number in
// two rows.
func (c *client) commit(n int64) error {
	for half := range 2 {
		if err := c.affect(1, `UPDATE progress SET n = $1 WHERE writer = $2 AND half = $3`, n, c.id, half); err != nil {
			return err
		}
	}
	c.w.obs.begin(c.id, n)
	if err := c.exec("COMMIT"); err != nil {
		return err
	}
	c.w.obs.ack(c.id, n, c.sync)
	return nil
}

// begin starts a transaction of several statements.
func (c *client) begin() error {
	return c.exec([]string{"BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ"}[c.rng.IntN(2)])
}

// pad is a text whose length varies.
func pad(n int64) string { return strings.Repeat("x", int(n%13)) + fmt.Sprint(n) }

// cycle is what transaction n of a single-row writer does to slot n % slots:
// insert, update, update, delete.
func cycle(n int64) (slot int64, phase int) { return (n - 1) % slots, int((n-1)/slots) % 4 }

// kv writes single rows of a table with a primary key.
func (c *client) kv(n int64) error {
	slot, phase := cycle(n)
	switch {
	case phase == 0:
		return c.single(n, 1, `INSERT INTO kv VALUES ($1, $2, $3)`, slot, n, pad(n))
	case phase == 3:
		return c.single(n, 1, `DELETE FROM kv WHERE id = $1`, slot)
	case n%2 == 0:
		return c.single(n, 1, `INSERT INTO kv VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET v = excluded.v, pad = excluded.pad`, slot, n, pad(n))
	}
	return c.single(n, 1, `UPDATE kv SET v = $2, pad = $3 WHERE id = $1`, slot, n, pad(n))
}

// heap writes single rows of a table without a primary key.
func (c *client) heap(n int64) error {
	slot, phase := cycle(n)
	switch phase {
	case 0:
		return c.single(n, 1, `INSERT INTO heap VALUES ($1, $2, $3)`, slot, n, pad(n))
	case 3:
		return c.single(n, 1, `DELETE FROM heap WHERE slot = $1`, slot)
	}
	return c.single(n, 1, `UPDATE heap SET v = $2, pad = $3 WHERE slot = $1`, slot, n, pad(n))
}

// transfer moves money, and keeps the newest entries of a history without a key.
func (c *client) transfer(n int64) error {
	if err := c.begin(); err != nil {
		return err
	}
	src := 1 + c.rng.IntN(accounts)
	dst := 1 + (src+c.rng.IntN(accounts-1))%accounts
	amount := int64(c.rng.IntN(100))
	if c.rng.IntN(3) == 0 {
		if err := c.exec(`SELECT balance FROM accounts WHERE id IN ($1, $2) FOR UPDATE`, src, dst); err != nil {
			return err
		}
	}
	if err := c.affect(1, `UPDATE accounts SET balance = balance - $1 WHERE id = $2`, amount, src); err != nil {
		return err
	}
	if err := c.affect(1, `UPDATE accounts SET balance = balance + $1, note = $3 WHERE id = $2`, amount, dst, pad(n)); err != nil {
		return err
	}
	if err := c.affect(1, `INSERT INTO history VALUES ($1, $2, $3, $4, $5)`, c.id, n, src, dst, amount); err != nil {
		return err
	}
	if n > historyKept {
		if err := c.affect(1, `DELETE FROM history WHERE writer = $1 AND n = $2`, c.id, n-historyKept); err != nil {
			return err
		}
	}
	return c.commit(n)
}

// unique inserts a row with a code, changes the codes of older ones and removes
// the oldest; now and then it swaps two codes, and fails at a duplicate.
func (c *client) unique(n int64) error {
	if err := c.begin(); err != nil {
		return err
	}
	if n > 1 && c.rng.IntN(4) == 0 {
		if err := c.duplicate(n); err != nil {
			return err
		}
	}
	if err := c.affect(1, `INSERT INTO uniq VALUES ($1, $2, $3, $1)`, n, code(n, n), label(n, n)); err != nil {
		return err
	}
	if n > 5 {
		if err := c.affect(1, `UPDATE uniq SET code = $2, label = $3 WHERE id = $1`, n-5, code(n-5, n), label(n-5, n)); err != nil {
			return err
		}
	}
	if n > uniqueKept {
		if err := c.affect(1, `DELETE FROM uniq WHERE code = $1`, code(n-uniqueKept, n-1)); err != nil {
			return err
		}
	}
	return c.commit(n)
}

// duplicate inserts a code that is taken, inside a savepoint.
func (c *client) duplicate(n int64) error {
	if err := c.exec("SAVEPOINT s"); err != nil {
		return err
	}
	err := c.exec(`INSERT INTO uniq VALUES ($1, $2, 'never', 0)`, n, code(n-1, n-1))
	if !sqlstate.Is(err, sqlstate.UniqueViolation) {
		if err == nil {
			err = fmt.Errorf("code %q was inserted twice", code(n-1, n-1))
		}
		return err
	}
	return c.exec("ROLLBACK TO s")
}

// code and label are row id's after transaction n. Codes are used again: that of
// row i+2 takes what row i has given up.
func code(id, n int64) string {
	if n >= id+5 {
		return fmt.Sprintf("old-%d", id)
	}
	return fmt.Sprintf("new-%d", id%7)
}

func label(id, n int64) string {
	if n >= id+5 {
		return "L" + fmt.Sprint(id%3)
	}
	return "N"
}

// identity inserts rows whose keys the engine gives, and removes old ones.
func (c *client) identity(n int64) error {
	if n%11 == 0 { // numbers of a transaction that does not commit are gone
		if err := c.exec("BEGIN"); err != nil {
			return err
		}
		if err := c.numbered(-1); err != nil {
			return err
		}
		if err := c.exec("ROLLBACK"); err != nil {
			return err
		}
	}
	if err := c.begin(); err != nil {
		return err
	}
	for range identities(n) {
		if err := c.numbered(n); err != nil {
			return err
		}
	}
	if n%5 == 0 {
		if err := c.exec(`DELETE FROM idents WHERE n <= $1`, n-10); err != nil {
			return err
		}
	}
	return c.commit(n)
}

// identities is how many rows transaction n of identity inserts.
func identities(n int64) int { return 1 + int(n%3) }

// numbered inserts a row and reports the key that it got.
func (c *client) numbered(n int64) error {
	id, err := number(c.Session, `INSERT INTO idents (n) VALUES ($1) RETURNING id`, n)
	if err == nil {
		c.w.obs.identity(id)
	}
	return err
}

// reader asks for what holds at every moment, from either copy.
func (w *workload) reader() {
	c := w.newClient(-1)
	defer c.Close()
	for !w.stopped() {
		route := []string{"auto", "row", "column"}[c.rng.IntN(3)]
		if err := c.Set("htap.route", route); err != nil {
			w.obs.fail("%v", err)
			return
		}
		sum, err := number(c.Session, `SELECT sum(balance) FROM accounts`)
		if altered(err) {
			continue
		}
		if err != nil || sum != accounts*balance {
			w.obs.fail("route %s: the accounts hold %d instead of %d (%v)", route, sum, accounts*balance, err)
			return
		}
		odd, err := number(c.Session, `SELECT count(*) FROM progress a JOIN progress b ON a.writer = b.writer WHERE a.half = 0 AND b.half = 1 AND a.n <> b.n`)
		if err != nil || odd != 0 {
			w.obs.fail("route %s: %d torn transactions are visible (%v)", route, odd, err)
			return
		}
		time.Sleep(time.Duration(c.rng.IntN(4)) * time.Millisecond)
	}
}

// checkpoints asks for checkpoints in addition to the periodic ones.
func (w *workload) checkpoints() {
	rng := rand.New(rand.NewPCG(w.seed, 99))
	for !w.stopped() {
		time.Sleep(time.Duration(1+rng.IntN(20)) * time.Millisecond)
		if err := w.db.Checkpoint(context.Background()); err != nil && !sqlstate.Is(err, sqlstate.ObjectNotInState) {
			w.obs.fail("checkpoint: %v", err)
			return
		}
	}
}
