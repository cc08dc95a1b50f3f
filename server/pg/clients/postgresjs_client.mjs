// postgres.js: pipelined prepared statements, transactions, cursors, COPY, listen;
// an error after Flush must not hang.
import assert from 'node:assert'
import postgres from 'postgres'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'

const sql = postgres({ host: process.env.PGHOST, port: +process.env.PGPORT, user: 'htap', database: 'htap', max: 3, onnotice: () => {} })
const soon = (p, what) => Promise.race([p, new Promise((_, no) => setTimeout(() => no(new Error('no answer: ' + what)), 20000))])

for (const [text, code] of [['SELCT 1', '42601'], ['SELECT nosuch', '42703'], ['SELECT * FROM nosuch', '42P01']]) {
  await soon(assert.rejects(sql.unsafe(text, [], { prepare: true }), { code }), text)
}
await soon(assert.rejects(sql`SELECT ${'abc'}::int4`, { code: '22P02' }), 'a bad value')
assert.deepEqual([...await soon(sql`SELECT 1 AS one`, 'after errors')], [{ one: 1 }])

await sql`CREATE TABLE js (id int PRIMARY KEY, t text NOT NULL, n numeric(12,2), at timestamptz, j jsonb)`
const at = new Date('2024-02-29T01:02:03Z')
await sql`INSERT INTO js ${sql([1, 2, 3].map(id => ({ id, t: 'row ' + id, n: '1.25', at, j: { id } })))}`
const rows = await sql`SELECT * FROM js WHERE id > ${1} ORDER BY id`
assert.deepEqual({ ...rows[0] }, { id: 2, t: 'row 2', n: '1.25', at, j: { id: 2 } })

const all = await Promise.all(Array.from({ length: 50 }, (_, i) => sql`SELECT ${i}::int4 + 1 AS n`))
assert.deepEqual(all.map(r => r[0].n), Array.from({ length: 50 }, (_, i) => i + 1))

await assert.rejects(sql.begin(async sql => {
  await sql`INSERT INTO js (id, t) VALUES (4, 'x')`
  await assert.rejects(sql.savepoint(sql => sql`INSERT INTO js (id, t) VALUES (4, 'y')`), { code: '23505', constraint_name: 'js_pkey', table_name: 'js' })
  await sql`INSERT INTO js (id) VALUES (5)`
}), { code: '23502', column_name: 't' })
assert.equal((await sql`SELECT count(*)::int AS n FROM js`)[0].n, 3)

let seen = 0
for await (const part of sql`SELECT * FROM generate_series(1, 1000) g`.cursor(70)) seen += part.length
assert.equal(seen, 1000)

await pipeline(Readable.from(['7\tseven\n', '8\teight\n']), await sql`COPY js (id, t) FROM STDIN`.writable())
let out = ''
for await (const chunk of await sql`COPY (SELECT id, t FROM js WHERE id > 5 ORDER BY id) TO STDOUT`.readable()) out += chunk
assert.equal(out, '7\tseven\n8\teight\n')

const heard = new Promise(resolve => sql.listen('news', resolve).then(() => sql`NOTIFY news, 'hello'`))
assert.equal(await soon(heard, 'listen'), 'hello')
await sql.end({ timeout: 5 })
