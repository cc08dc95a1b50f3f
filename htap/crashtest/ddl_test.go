package crashtest

import "fmt"

// shifty writes a table without a primary key while ddl changes its columns.
func (c *client) shifty(n int64) error {
	if err := c.begin(); err != nil {
		return err
	}
	if err := c.affect(1, `INSERT INTO shifty (n, v) VALUES ($1, $1)`, n); err != nil {
		return err
	}
	if n > 3 {
		if err := c.affect(1, `UPDATE shifty SET v = -v WHERE n = $1`, n-3); err != nil {
			return err
		}
	}
	if n > shiftyKept {
		if err := c.affect(1, `DELETE FROM shifty WHERE n = $1`, n-shiftyKept); err != nil {
			return err
		}
	}
	return c.commit(n)
}

// shiftyValue is v of row i after transaction n.
func shiftyValue(i, n int64) int64 {
	if n >= i+3 {
		return -i
	}
	return i
}

// briefRows is the number of rows of the table that comes and goes.
const briefRows = 50

// ddlSteps is the length of ddl's cycle.
const ddlSteps = 8

// ddl changes the catalog, and rows in the same transaction.
func (c *client) ddl(n int64) error {
	if err := c.exec("BEGIN"); err != nil {
		return err
	}
	var sql []string
	switch n % ddlSteps {
	case 0:
		sql = []string{`ALTER TABLE shifty ADD COLUMN extra BIGINT DEFAULT 7`}
	case 1:
		sql = []string{`CREATE INDEX uniq_v ON uniq (v)`, train(n)}
	case 2:
		sql = []string{`ALTER TABLE shifty DROP COLUMN IF EXISTS extra`}
	case 3:
		sql = []string{`DROP INDEX uniq_v`, train(n)}
	case 4:
		sql = []string{`CREATE TABLE brief (id INT PRIMARY KEY, n BIGINT UNIQUE)`,
			fmt.Sprintf(`INSERT INTO brief SELECT i, %d + i FROM generate_series(1, %d) AS g(i)`, n, briefRows)}
	case 5:
		sql = []string{`INSERT INTO emptied VALUES (-1)`, `TRUNCATE emptied`, fmt.Sprintf(`INSERT INTO emptied VALUES (%d)`, n)}
	case 6:
		sql = []string{`DROP MODEL line`, `DROP TABLE brief`, `CREATE VIEW seen AS SELECT count(*) AS n FROM kv`}
	case 7:
		sql = []string{`DROP VIEW seen`, `ALTER TABLE accounts DROP COLUMN extra`}
		if extraAccounts(n) {
			sql[1] = `ALTER TABLE accounts ADD COLUMN extra TEXT DEFAULT 'seven'`
		}
	}
	for _, s := range sql {
		if err := c.exec(s); err != nil {
			return err
		}
	}
	return c.commit(n)
}

// train makes or replaces the model of a line that rises by n.
func train(n int64) string {
	return fmt.Sprintf(`CREATE OR REPLACE MODEL line PREDICT y USING linear_regression AS SELECT i AS x, %d * i AS y FROM generate_series(1, 9) AS g(i)`, n)
}

// What exists after transaction n of ddl. A cycle makes an object in one step
// and removes it in a later one.
func extraShifty(n int64) bool   { return n >= ddlSteps && n%ddlSteps < 2 }
func indexExists(n int64) bool   { return n%ddlSteps == 1 || n%ddlSteps == 2 }
func briefExists(n int64) bool   { return n%ddlSteps == 4 || n%ddlSteps == 5 }
func modelExists(n int64) bool   { return n%ddlSteps >= 1 && n%ddlSteps <= 5 }
func viewExists(n int64) bool    { return n%ddlSteps == 6 }
func extraAccounts(n int64) bool { return n%(2*ddlSteps) >= 7 && n%(2*ddlSteps) < 15 }

// latest returns the newest transaction up to n whose number is step modulo
// cycle, 0 if there is none.
func latest(n, step, cycle int64) int64 {
	m := n - ((n-step)%cycle+cycle)%cycle
	return max(m, 0)
}
