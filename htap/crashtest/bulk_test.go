package crashtest

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// Sizes of loads: loadRows takes the bulk path, fewRows ordinary inserts.
const (
	loadRows = 10_100
	fewRows  = 300
)

// bulk loads, empties and makes tables. The table loads says how many rows of
// each load there are in bulk and pile.
func (c *client) bulk(n int64) error {
	if err := c.exec("BEGIN"); err != nil {
		return err
	}
	var err error
	switch n % 6 {
	case 0:
		if err = c.load(n, loadRows, 0); err == nil {
			err = c.change(n)
		}
	case 1:
		err = c.load(n, 0, loadRows)
	case 2:
		err = c.load(n, fewRows, fewRows)
	case 3:
		if err = c.exec(`TRUNCATE bulk, pile`); err == nil {
			if err = c.exec(`DELETE FROM loads`); err == nil {
				err = c.load(n, loadRows, fewRows)
			}
		}
	case 4:
		if err = c.exec(`DROP TABLE IF EXISTS made`); err == nil {
			err = c.exec(fmt.Sprintf(`CREATE TABLE made AS SELECT i AS a, %d AS n FROM generate_series(1, %d) AS g(i)`, n, madeRows(n)))
		}
	case 5:
		err = c.unload()
	}
	if err != nil {
		return err
	}
	return c.commit(n)
}

// ownPad marks the ownRows rows of a load that its own transaction changed.
const (
	ownPad  = "own"
	ownRows = loadRows / 100
)

// change updates, removes and adds rows of the load that the transaction has
// just made; their number stays the same.
func (c *client) change(n int64) error {
	first := n * 1_000_000
	if err := c.Set("htap.route", "auto"); err != nil { // rows that were just loaded are in no columns yet
		return err
	}
	if err := c.affect(ownRows, `UPDATE bulk SET pad = $1 WHERE load = $2 AND id % 100 = 0`, ownPad, n); err != nil {
		return err
	}
	if err := c.affect(1, `DELETE FROM bulk WHERE id = $1`, first+1); err != nil {
		return err
	}
	return c.affect(1, `INSERT INTO bulk VALUES ($1, $2, $3, NULL)`, first+loadRows, n, fmt.Sprintf("c%d-%d", n, loadRows))
}

// madeRows is the number of rows of the table that transaction n makes.
func madeRows(n int64) int64 { return 3000 + n%500 }

// load copies rows into bulk and pile.
func (c *client) load(n int64, intoBulk, intoPile int) error {
	if intoBulk > 0 {
		if err := c.copy(`COPY bulk FROM STDIN (FORMAT csv)`, intoBulk, func(w io.Writer, i int) {
			fmt.Fprintf(w, "%d,%d,c%d-%d,%s\n", n*1_000_000+int64((i*7919)%intoBulk), n, n, i, pad(int64(i)))
		}); err != nil {
			return err
		}
	}
	if intoPile > 0 {
		if err := c.copy(`COPY pile FROM STDIN (FORMAT csv)`, intoPile, func(w io.Writer, i int) {
			fmt.Fprintf(w, "%d,%d,%s\n", n, i, pad(int64(i)))
		}); err != nil {
			return err
		}
	}
	return c.affect(1, `INSERT INTO loads VALUES ($1, $2, $3)`, n, intoBulk, intoPile)
}

// copy runs a COPY FROM STDIN of n lines.
func (c *client) copy(sql string, n int, line func(w io.Writer, i int)) error {
	st, err := c.Prepare(context.Background(), sql)
	if err != nil {
		return err
	}
	var b strings.Builder
	for i := range n {
		line(&b, i)
	}
	res, err := st.CopyFrom(context.Background(), strings.NewReader(b.String()))
	if err == nil && res.RowsAffected != int64(n) {
		err = fmt.Errorf("%s loaded %d rows instead of %d", sql, res.RowsAffected, n)
	}
	return err
}

// unload removes the rows of the oldest load from both tables.
func (c *client) unload() error {
	oldest, err := number(c.Session, `SELECT coalesce(min(n), 0) FROM loads`)
	if err != nil || oldest == 0 {
		return err
	}
	for table, count := range map[string]string{"bulk": "into_bulk", "pile": "into_pile"} {
		want, err := number(c.Session, `SELECT `+count+` FROM loads WHERE n = $1`, oldest)
		if err != nil {
			return err
		}
		if err := c.affect(want, `DELETE FROM `+table+` WHERE load = $1`, oldest); err != nil {
			return err
		}
	}
	return c.affect(1, `DELETE FROM loads WHERE n = $1`, oldest)
}
