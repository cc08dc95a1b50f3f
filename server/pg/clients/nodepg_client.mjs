// node-postgres: simple, extended and named queries, a pool, transactions, errors.
import assert from 'node:assert'
import pg from 'pg'

const pool = new pg.Pool({ host: process.env.PGHOST, port: +process.env.PGPORT, user: 'htap', database: 'htap', max: 4 })
await pool.query('CREATE TABLE np (id serial PRIMARY KEY, t varchar(20) UNIQUE, n numeric(12,2), d date, j jsonb)')
const { rows } = await pool.query('INSERT INTO np (t, n, d, j) VALUES ($1, $2, $3, $4) RETURNING id, n, j', ['a', 1.5, '2024-02-29', { x: [1] }])
assert.deepEqual(rows, [{ id: 1, n: '1.50', j: { x: [1] } }])
const results = await pool.query("SELECT 1 AS a; SELECT 2 AS b, 'x' AS c")
assert.deepEqual(results.map(r => r.rows[0]), [{ a: 1 }, { b: 2, c: 'x' }])
for (let i = 0; i < 5; i++) {
  const r = await pool.query({ name: 'named', text: 'SELECT t FROM np WHERE id = $1', values: [1], rowMode: 'array' })
  assert.deepEqual(r.rows, [['a']])
}
await assert.rejects(pool.query("INSERT INTO np (t) VALUES ('a')"), e => e.code === '23505' && e.constraint === 'np_t_key' && e.table === 'np' && e.schema === 'public' && e.detail === 'Key (t)=(a) already exists.')
await assert.rejects(pool.query('SELECT $1::int4', ['abc']), { code: '22P02' })
await assert.rejects(pool.query('SELECT 1 +'), { code: '42601' })
const c = await pool.connect()
await c.query('BEGIN')
await c.query('UPDATE np SET n = $1', ['9.99'])
await c.query('ROLLBACK')
assert.equal((await c.query('SELECT n FROM np')).rows[0].n, '1.50')
c.release()
const many = await Promise.all(Array.from({ length: 40 }, (_, i) => pool.query('SELECT $1::int4 AS i', [i])))
assert.deepEqual(many.map(r => r.rows[0].i), Array.from({ length: 40 }, (_, i) => i))
assert.equal((await pool.query('')).rows.length, 0)
await pool.end()
