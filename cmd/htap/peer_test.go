package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"htapdb/internal/testutil/postgres"

	"github.com/jackc/pgx/v5/pgconn"
)

// The bank of BenchmarkTransactions, as in TPC-B.
const (
	bankBranches = 5
	bankTellers  = 10 * bankBranches
	bankAccounts = 100_000 * bankBranches
)

var bankTables = []string{
	"CREATE TABLE branch (id INT PRIMARY KEY, balance BIGINT NOT NULL, filler CHAR(88))",
	"CREATE TABLE teller (id INT PRIMARY KEY, branch INT NOT NULL, balance BIGINT NOT NULL, filler CHAR(84))",
	"CREATE TABLE account (id INT PRIMARY KEY, branch INT NOT NULL, balance BIGINT NOT NULL, filler CHAR(84))",
	"CREATE TABLE history (teller INT, branch INT, account INT, delta BIGINT, at TIMESTAMP, filler CHAR(22))",
	fmt.Sprintf("INSERT INTO branch SELECT g, 0, '' FROM generate_series(1, %d) AS x(g)", bankBranches),
	fmt.Sprintf("INSERT INTO teller SELECT g, g %% %d + 1, 0, '' FROM generate_series(1, %d) AS x(g)", bankBranches, bankTellers),
	fmt.Sprintf("INSERT INTO account SELECT g, g %% %d + 1, 0, '' FROM generate_series(1, %d) AS x(g)", bankBranches, bankAccounts),
}

// bankStatements are prepared under their names by every client.
var bankStatements = map[string]string{
	"account": "UPDATE account SET balance = balance + $1 WHERE id = $2",
	"teller":  "UPDATE teller SET balance = balance + $1 WHERE id = $2",
	"branch":  "UPDATE branch SET balance = balance + $1 WHERE id = $2",
	"history": "INSERT INTO history (teller, branch, account, delta, at) VALUES ($1, $2, $3, $4, current_timestamp)",
	"read":    "SELECT balance FROM account WHERE id = $1",
	"begin":   "BEGIN",
	"commit":  "COMMIT",
}

// bankClient is a connection with its own random numbers.
type bankClient struct {
	c   *pgconn.PgConn
	rng *rand.Rand
}

// run executes a prepared statement in a round trip of its own.
func (k *bankClient) run(name string, args ...int64) error {
	text := make([][]byte, len(args))
	for i, a := range args {
		text[i] = strconv.AppendInt(nil, a, 10)
	}
	return k.c.ExecPrepared(context.Background(), name, text, nil, nil).Read().Err
}

// transfer is TPC-B's transaction: three updates, a read, an insert.
func (k *bankClient) transfer() error {
	delta, account := k.rng.Int64N(10_001)-5_000, k.rng.Int64N(bankAccounts)+1
	teller, branch := k.rng.Int64N(bankTellers)+1, k.rng.Int64N(bankBranches)+1
	for _, s := range []struct {
		name string
		args []int64
	}{
		{"begin", nil}, {"account", []int64{delta, account}}, {"read", []int64{account}}, {"teller", []int64{delta, teller}},
		{"branch", []int64{delta, branch}}, {"history", []int64{teller, branch, account, delta}}, {"commit", nil},
	} {
		if err := k.run(s.name, s.args...); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// read looks one account up.
func (k *bankClient) read() error { return k.run("read", k.rng.Int64N(bankAccounts)+1) }

// bankConn connects to a server.
func bankConn(b *testing.B, url string) *pgconn.PgConn {
	b.Helper()
	c, err := pgconn.Connect(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// bank makes the tables on a server.
func bank(b *testing.B, url string) {
	b.Helper()
	c := bankConn(b, url)
	defer c.Close(context.Background())
	for _, sql := range bankTables {
		if _, err := c.Exec(b.Context(), sql).ReadAll(); err != nil {
			b.Fatalf("%s: %v", sql, err)
		}
	}
}

// bankBalances checks that no transfer was lost or torn.
func bankBalances(b *testing.B, url string) {
	b.Helper()
	c := bankConn(b, url)
	defer c.Close(context.Background())
	res, err := c.Exec(context.Background(), `SELECT (SELECT sum(balance) FROM account) = (SELECT coalesce(sum(delta), 0) FROM history)
		AND (SELECT sum(balance) FROM teller) = (SELECT coalesce(sum(delta), 0) FROM history)
		AND (SELECT sum(balance) FROM branch) = (SELECT coalesce(sum(delta), 0) FROM history)`).ReadAll()
	if err != nil || string(res[0].Rows[0][0]) != "t" {
		b.Errorf("the books do not balance: %v %v", res, err)
	}
}

// rate runs work by so many clients for d and returns how often a second it ended.
func rate(b *testing.B, url string, clients int, d time.Duration, work func(*bankClient) error) float64 {
	b.Helper()
	var stop atomic.Bool
	var done atomic.Int64
	var wg sync.WaitGroup
	ready := make(chan struct{})
	for i := range clients {
		c := bankConn(b, url)
		for name, sql := range bankStatements {
			if _, err := c.Prepare(b.Context(), name, sql, nil); err != nil {
				b.Fatal(err)
			}
		}
		wg.Go(func() {
			defer c.Close(context.Background())
			k := &bankClient{c, rand.New(rand.NewPCG(uint64(i), 1))}
			<-ready
			for !stop.Load() {
				if err := work(k); err != nil {
					b.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	start := time.Now()
	close(ready)
	time.Sleep(d)
	stop.Store(true)
	wg.Wait()
	return float64(done.Load()) / time.Since(start).Seconds()
}

// BenchmarkTransactions compares transactions over the wire with PostgreSQL on
// the same machine, both durable and with their defaults: TPC-B transfers, and
// reads by key, by prepared statements with a round trip each. An operation is a
// second of each engine, one after the other.
func BenchmarkTransactions(b *testing.B) {
	peer := postgres.Start(b, postgres.Options{Durable: true})
	ours := "postgres://htap@" + serve(b, "--data", b.TempDir(), "--pg", "127.0.0.1:0", "--flight", "off", "--http", "off").pg + "/htap"
	for _, url := range []string{ours, peer} {
		bank(b, url)
	}
	for name, work := range map[string]func(*bankClient) error{"transfer": (*bankClient).transfer, "read": (*bankClient).read} {
		for _, clients := range []int{1, 4} {
			b.Run(fmt.Sprintf("work=%s/clients=%d", name, clients), func(b *testing.B) {
				var own, others float64
				n := 0
				for b.Loop() {
					own += rate(b, ours, clients, time.Second, work)
					others += rate(b, peer, clients, time.Second, work)
					n++
				}
				b.ReportMetric(own/float64(n), "htapdb/s")
				b.ReportMetric(others/float64(n), "postgresql/s")
				b.ReportMetric(own/others, "ratio")
			})
		}
	}
	for _, url := range []string{ours, peer} {
		bankBalances(b, url)
	}
}
