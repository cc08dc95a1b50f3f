"""asyncpg: simple and prepared queries, types, cursors, COPY, a pool with its
reset, and errors that come without a Sync."""
import asyncio, datetime, decimal, os, uuid
import asyncpg

D = decimal.Decimal
URL = f"postgres://htap@{os.environ['PGHOST']}:{os.environ['PGPORT']}/htap"


async def soon(what, seconds=20):
    return await asyncio.wait_for(what, seconds)


async def errors(c):
    """What is wrong is said at once: asyncpg sends Flush and waits."""
    for sql, code in [("SELCT 1", "42601"), ("SELECT nosuch", "42703"), ("SELECT * FROM nosuch", "42P01")]:
        try:
            await soon(c.prepare(sql))
            raise AssertionError(sql)
        except asyncpg.PostgresError as e:
            assert e.sqlstate == code, (sql, e.sqlstate)
    try:
        await soon(c.fetch("SELECT $1::int4", 1, 2))
        raise AssertionError("two arguments for one parameter")
    except asyncpg.InterfaceError:
        pass
    assert await soon(c.fetchval("SELECT 1")) == 1


async def types(c):
    await c.execute("""CREATE TABLE types (i2 smallint, i4 int, i8 bigint, f4 real, f8 double precision, n numeric(20,4), t text, v varchar(9),
        b boolean, y bytea, d date, tm time, ts timestamp, tz timestamptz, iv interval, u uuid, j jsonb)""")
    row = (1, 2, 3, 0.5, 0.25, D("12.3400"), "naïve", "v", True, b"\0\xff", datetime.date(2024, 2, 29), datetime.time(1, 2, 3, 4),
           datetime.datetime(2024, 2, 29, 1, 2, 3, 4), datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=datetime.timezone.utc),
           datetime.timedelta(days=3, seconds=4), uuid.UUID(int=7), '{"a": 1}')
    await c.execute("INSERT INTO types VALUES (%s)" % ",".join(f"${i+1}" for i in range(len(row))), *row)
    got = tuple(await c.fetchrow("SELECT * FROM types"))
    assert got == row, got
    for value, typ in [(D("1.5"), "numeric"), (7, "bigint"), ("x", "text")]:
        assert await c.fetchval(f"SELECT $1::{typ}", value) == value


async def cursors(c):
    async with c.transaction():
        seen = [r[0] async for r in c.cursor("SELECT * FROM generate_series(1, 1000) g", prefetch=70)]
        assert seen == list(range(1, 1001)), len(seen)
        cur = await c.cursor("SELECT * FROM generate_series(1, $1) g", 5)
        assert [r[0] for r in await cur.fetch(2)] == [1, 2]
        assert [r[0] for r in await cur.fetch(9)] == [3, 4, 5]


async def transactions(c):
    await c.execute("CREATE TABLE tx (i int PRIMARY KEY)")
    tr = c.transaction()
    await tr.start()
    await c.execute("INSERT INTO tx VALUES (1)")
    try:
        async with c.transaction():  # a savepoint
            await c.execute("INSERT INTO tx VALUES (1)")
        raise AssertionError("a duplicate")
    except asyncpg.UniqueViolationError as e:
        assert (e.schema_name, e.table_name, e.constraint_name) == ("public", "tx", "tx_pkey"), vars(e)
        assert e.detail == "Key (i)=(1) already exists.", e.detail
    await tr.commit()
    assert await c.fetchval("SELECT count(*) FROM tx") == 1
    await c.executemany("INSERT INTO tx VALUES ($1)", [(i,) for i in range(2, 12)])
    assert await c.fetchval("SELECT sum(i) FROM tx") == 66


async def copy(c):
    await c.execute("CREATE TABLE cp (i int, t text)")
    assert await c.copy_records_to_table("cp", records=[(i, f"row {i}") for i in range(100)]) == "COPY 100"
    out = bytearray()

    async def take(b):
        out.extend(b)
    assert await c.copy_from_query("SELECT * FROM cp WHERE i < $1 ORDER BY i", 2, output=take, format="csv") == "COPY 2"
    assert bytes(out) == b"0,row 0\n1,row 1\n", out


async def pool():
    async with asyncpg.create_pool(URL, min_size=2, max_size=4) as p:
        async def one(n):
            async with p.acquire() as c:
                await c.execute(f"SET application_name = 'n{n}'")
                return await c.fetchval("SELECT $1::int * 2", n)
        assert await asyncio.gather(*(one(n) for n in range(50))) == [2 * n for n in range(50)]
        async with p.acquire() as c:  # the reset has undone the SET
            assert await c.fetchval("SHOW application_name") == ""


async def altered(c):
    """A cached statement whose columns change is prepared again without a word."""
    await c.execute("CREATE TABLE altered (a int, b text); INSERT INTO altered VALUES (1, 'x')")
    for ddl, want in [(None, (1, "x")), ("ADD c int", (1, "x", None)), ("DROP b", (1, None)), ("RENAME a TO z", (1, None))]:
        if ddl:
            await c.execute("ALTER TABLE altered " + ddl)
        assert tuple(await soon(c.fetchrow("SELECT * FROM altered WHERE $1 = 1", 1))) == want, (ddl, want)


async def start_settings():
    """What the pool's address sets survives the reset of each release."""
    async with asyncpg.create_pool(URL, min_size=1, max_size=1, server_settings={"search_path": "tenant"}) as p:
        await p.execute("CREATE SCHEMA tenant; CREATE TABLE mine (a int)")
        for _ in range(3):
            assert await p.fetchval("SHOW search_path") == "tenant"
        assert await p.fetchval("SELECT table_schema FROM information_schema.tables WHERE table_name = 'mine'") == "tenant"


async def listen(c):
    other = await asyncpg.connect(URL)
    got = asyncio.Queue()
    await c.add_listener("news", lambda conn, pid, channel, payload: got.put_nowait((pid, channel, payload)))
    await other.execute("NOTIFY news, 'hello'")
    assert await soon(got.get()) == (other.get_server_pid(), "news", "hello")
    async with other.transaction():
        await other.execute("NOTIFY news, 'later'")
        assert got.empty()
    assert (await soon(got.get()))[2] == "later"
    assert await other.fetchval("SELECT pg_backend_pid()") == other.get_server_pid()
    await other.close()


async def main():
    c = await asyncpg.connect(URL)
    for part in (errors, types, cursors, transactions, copy, altered, listen):
        print(part.__name__, flush=True)
        await soon(part(c), 60)
    await c.close()
    for part in (pool, start_settings):
        print(part.__name__, flush=True)
        await soon(part(), 60)

asyncio.run(main())
