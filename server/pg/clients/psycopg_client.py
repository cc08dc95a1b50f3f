"""psycopg 3: parameters by type, server-side cursors, pipelines, COPY, errors."""
import datetime, decimal, os, uuid
import psycopg

D = decimal.Decimal
URL = f"postgres://htap@{os.environ['PGHOST']}:{os.environ['PGPORT']}/htap"


def parameters(c):
    for value in [1, 70000, 1 << 40, 0.5, D("1.5"), "text", True, None, b"\0\xff", datetime.date(2024, 2, 29), datetime.time(1, 2, 3),
                  datetime.datetime(2024, 2, 29, 1, 2, 3), datetime.timedelta(days=1, seconds=5), uuid.UUID(int=9)]:
        for binary in (False, True):
            cur = psycopg.Cursor(c)
            got = cur.execute("SELECT %s" if not binary else "SELECT %b", [value], binary=binary).fetchone()[0]
            assert got == value, (value, got, binary)
    assert c.execute("SELECT pg_typeof(%s)", [D("1.5")]).fetchone()[0] == "numeric"
    assert c.execute("SELECT %s + 1", [D("1.5")]).fetchone()[0] == D("2.5")
    assert c.execute("SELECT %t", ["untyped"]).fetchone()[0] == "untyped"


def cursors(c):
    with c.transaction(), c.cursor(name="srv") as cur:
        cur.execute("SELECT * FROM generate_series(1, %s) g", [1000])
        assert cur.fetchone() == (1,)
        assert len(cur.fetchmany(99)) == 99
        assert len(cur.fetchall()) == 900


def pipelines(c):
    c.execute("CREATE TABLE pl (i int PRIMARY KEY)")
    c.commit()
    with c.pipeline():
        cur = c.cursor()
        cur.executemany("INSERT INTO pl VALUES (%s)", [(i,) for i in range(100)])
    c.commit()
    assert c.execute("SELECT count(*) FROM pl").fetchone() == (100,)
    c.commit()
    try:
        with c.pipeline():
            c.execute("INSERT INTO pl VALUES (1000)")
            c.execute("INSERT INTO pl VALUES (1)")
            c.execute("INSERT INTO pl VALUES (1001)")
        raise AssertionError("a duplicate in the pipeline")
    except psycopg.errors.UniqueViolation as e:
        assert e.diag.constraint_name == "pl_pkey" and e.diag.table_name == "pl" and e.diag.schema_name == "public"
    c.rollback()
    assert c.execute("SELECT count(*) FROM pl").fetchone() == (100,)
    c.commit()


def prepared(c):
    for i in range(12):  # prepared by name from the fifth
        assert c.execute("SELECT %s::int4 * 2", [i]).fetchone() == (2 * i,)
    assert c.execute("SELECT count(*) > 0 FROM pg_prepared_statements").fetchone() == (True,)
    c.commit()
    c.execute("DEALLOCATE ALL")
    c.commit()


def violations(c):
    c.execute("CREATE TABLE vi (i int PRIMARY KEY, n int NOT NULL, CONSTRAINT small CHECK (n < 10))")
    c.commit()
    for sql, error, fields in [
            ("INSERT INTO vi VALUES (1, NULL)", psycopg.errors.NotNullViolation, ("public", "vi", "n", None)),
            ("INSERT INTO vi VALUES (1, 10)", psycopg.errors.CheckViolation, ("public", "vi", None, "small"))]:
        try:
            c.execute(sql)
            raise AssertionError(sql)
        except error as e:
            d = e.diag
            assert (d.schema_name, d.table_name, d.column_name, d.constraint_name) == fields, vars(d)
            assert d.message_detail.startswith("Failing row contains (1, "), d.message_detail
        c.rollback()


def copy(c):
    c.execute("CREATE TABLE cp3 (i int, t text)")
    for fmt in ("TEXT", "BINARY"):
        with c.cursor().copy(f"COPY cp3 FROM STDIN (FORMAT {fmt})") as w:
            if fmt == "BINARY":
                w.set_types(["int4", "text"])
            for i in range(50):
                w.write_row((i, f"row {i}"))
        with c.cursor().copy(f"COPY (SELECT * FROM cp3 ORDER BY i) TO STDOUT (FORMAT {fmt})") as r:
            r.set_types(["int4", "text"])
            rows = list(r.rows())
        assert rows[-1] == (49, "row 49"), rows[-1]
    c.commit()


def columnless(c):
    assert c.execute("SELECT FROM generate_series(1, 3)").rowcount == 3
    assert c.execute("SELECT").fetchall() == [()]
    c.commit()


with psycopg.connect(URL) as c:
    for part in (parameters, cursors, pipelines, prepared, violations, copy, columnless):
        print(part.__name__, flush=True)
        part(c)
        c.commit()
