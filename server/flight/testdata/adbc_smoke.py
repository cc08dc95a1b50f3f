"""Smoke test of the Flight SQL server with the ADBC driver.

    python adbc_smoke.py grpc://127.0.0.1:5434

Needs adbc-driver-flightsql, adbc-driver-manager, pyarrow and pandas. Works in
tables named adbc_*, which it drops. The last line is "adbc: ok checks=N".
"""

import datetime
import decimal
import sys

import adbc_driver_manager
import pyarrow

from adbc_driver_flightsql import DatabaseOptions
from adbc_driver_flightsql import dbapi

checks = 0


def check(what, got, want):
    """Compare and count."""
    global checks
    if got != want:
        sys.exit(f"adbc: FAILED {what}: got {got!r}, want {want!r}")
    checks += 1


def check_error(what, sqlstate, run):
    """Expect an error with a SQLSTATE in its text."""
    try:
        run()
    except adbc_driver_manager.Error as e:
        check(f"{what}: {e}", f"SQLSTATE {sqlstate}" in str(e), True)
        return
    sys.exit(f"adbc: FAILED {what}: no error")


def statements(uri):
    """DDL, DML and queries through cursors, which prepare everything."""
    with dbapi.connect(uri, autocommit=True) as c, c.cursor() as cur:
        cur.execute("DROP TABLE IF EXISTS adbc_t")
        cur.execute(
            "CREATE TABLE adbc_t (id BIGINT PRIMARY KEY, v TEXT, n NUMERIC(12,2), d DATE, ts TIMESTAMPTZ, f DOUBLE PRECISION, b BOOLEAN)"
        )
        cur.execute("INSERT INTO adbc_t VALUES (1, 'one', 1.50, '2001-02-03', '2001-02-03 04:05:06+00', 0.5, true), (2, NULL, NULL, NULL, NULL, NULL, NULL)")
        check("rows of an INSERT", cur.rowcount, 2)
        cur.execute("SELECT * FROM adbc_t ORDER BY id")
        check("names", [c[0] for c in cur.description], ["id", "v", "n", "d", "ts", "f", "b"])
        first, second = cur.fetchall()
        at = datetime.datetime(2001, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc)
        check("a row", (*first[:4], first[4].astimezone(datetime.timezone.utc), *first[5:]),
              (1, "one", decimal.Decimal("1.50"), datetime.date(2001, 2, 3), at, 0.5, True))
        check("nulls", second, (2, None, None, None, None, None, None))
        cur.execute("SELECT id FROM adbc_t WHERE id = ? OR v = ?", (2, "one"))
        check("parameters", sorted(cur.fetchall()), [(1,), (2,)])
        cur.executemany("INSERT INTO adbc_t (id, v) VALUES ($1, $2)", [(i, f"v{i}") for i in range(10, 20)])
        cur.execute("SELECT count(*) FROM adbc_t")
        check("executemany", cur.fetchone(), (12,))
        cur.execute("DELETE FROM adbc_t WHERE id >= 10 RETURNING id")
        check("RETURNING", len(cur.fetchall()), 10)
        check_error("syntax", "42601", lambda: cur.execute("SELEC 1"))
        check_error("unknown table", "42P01", lambda: cur.execute("SELECT * FROM adbc_nosuch"))
        check_error("duplicate", "23505", lambda: cur.execute("INSERT INTO adbc_t (id) VALUES (1)"))
        check_error("run time", "22012", lambda: (cur.execute("SELECT 1 / (id - 1) FROM adbc_t"), cur.fetchall()))
        cur.execute("SELECT count(*) FROM adbc_t")
        check("after errors", cur.fetchone(), (2,))


def arrow(uri):
    """Large results as Arrow, ingest of Arrow and pandas."""
    with dbapi.connect(uri, autocommit=True) as c, c.cursor() as cur:
        cur.execute("SELECT g::bigint AS id, g::text AS s FROM generate_series(1, 300000) AS x(g) ORDER BY id")
        table = cur.fetch_arrow_table()
        check("rows", table.num_rows, 300000)
        check("types", [str(t) for t in table.schema.types], ["int64", "string"])
        check("cells", table["s"][299999].as_py(), "300000")
        check("batches", max(b.nbytes for b in table.to_batches()) < 4 << 20, True)
        check("ingest", cur.adbc_ingest("adbc_big", table, mode="replace"), 300000)
        check("append", cur.adbc_ingest("adbc_big", table.slice(0, 10), mode="append"), 10)
        check_error("create again", "42P07", lambda: cur.adbc_ingest("adbc_big", table.slice(0, 1), mode="create"))
        cur.execute("SELECT count(*), sum(id)::bigint FROM adbc_big")
        check("ingested", cur.fetchone(), (300010, 45000150000 + 55))
        cur.execute("SELECT id % 10 AS k, count(*) AS n FROM adbc_big GROUP BY id % 10 ORDER BY k")
        frame = cur.fetch_df()
        check("pandas", (list(frame.columns), len(frame), int(frame["n"].sum())), (["k", "n"], 10, 300010))
        cur.execute("DROP TABLE adbc_big")


def transactions(uri):
    """Autocommit off, as DBAPI has it: commit, rollback, ingest inside."""
    with dbapi.connect(uri) as c, c.cursor() as cur, dbapi.connect(uri, autocommit=True) as other, other.cursor() as seen:
        def count():
            seen.execute("SELECT count(*) FROM adbc_t")
            return seen.fetchone()[0]

        cur.execute("INSERT INTO adbc_t (id) VALUES (100)")
        check("before the commit", count(), 2)
        c.commit()
        check("after the commit", count(), 3)
        cur.execute("DELETE FROM adbc_t")
        cur.adbc_ingest("adbc_t", pyarrow.table({"id": [7, 8]}), mode="append")
        cur.execute("SELECT count(*) FROM adbc_t")
        check("inside", cur.fetchone(), (2,))
        c.rollback()
        check("after the rollback", count(), 3)


def metadata(uri):
    """Objects, schemas, information, session options."""
    with dbapi.connect(uri, autocommit=True) as c:
        check("vendor", c.adbc_get_info()["vendor_name"], "htapdb")
        check("table types", sorted(c.adbc_get_table_types()), ["TABLE", "VIEW"])
        schema = c.adbc_get_table_schema("adbc_t")
        check("schema of a table", [f"{f.name} {f.type}" for f in schema][:4], ["id int64", "v string", "n decimal128(12, 2)", "d date32[day]"])
        objects = c.adbc_get_objects(depth="columns", table_name_filter="adbc_t").read_all().to_pylist()
        tables = [t for o in objects for s in o["catalog_db_schemas"] for t in s["db_schema_tables"]]
        check("objects", [(t["table_name"], t["table_type"], len(t["table_columns"])) for t in tables], [("adbc_t", "TABLE", 7)])
        check("catalog", (c.adbc_current_catalog, c.adbc_current_db_schema), ("htap", "public"))
        with c.cursor() as cur:
            cur.execute("SET htap.route = 'column'")
            cur.execute("SHOW htap.route")
            check("a setting", cur.fetchone(), ("column",))
            check("described without running", [f.name for f in cur.adbc_execute_schema("DELETE FROM adbc_t RETURNING id")], ["id"])
            cur.execute("SELECT count(*) FROM adbc_t")
            check("not run", cur.fetchone(), (3,))


def authentication(uri):
    """Role htap, with any password or none; another role is refused."""
    with dbapi.connect(uri, db_kwargs={"username": "htap", "password": ""}, autocommit=True) as c, c.cursor() as cur:
        cur.execute("SELECT 1")
        check("role htap", cur.fetchone(), (1,))
    check_error("another role", "28000", lambda: dbapi.connect(uri, db_kwargs={"username": "joe", "password": "x"}))
    check_error("a stale token", "28000", lambda: dbapi.connect(
        uri, db_kwargs={DatabaseOptions.AUTHORIZATION_HEADER.value: "Bearer stale"}, autocommit=True).cursor().execute("SELECT 1"))


def main():
    uri = sys.argv[1]
    for part in (statements, arrow, transactions, metadata, authentication):
        part(uri)
    with dbapi.connect(uri, autocommit=True) as c, c.cursor() as cur:
        cur.execute("DROP TABLE adbc_t")
    print(f"adbc: ok checks={checks}")


main()
