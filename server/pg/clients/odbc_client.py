"""psqlODBC through pyodbc: several statements with parameters on one handle, with
and without its cursors (UseDeclareFetch), and the catalog functions."""
import datetime, decimal, os
import pyodbc

pyodbc.pooling = False
D = decimal.Decimal


def connect(**more):
    options = {"Driver": os.environ["ODBC_DRIVER"], "Server": os.environ["PGHOST"], "Port": os.environ["PGPORT"], "Database": "htap", "Uid": "htap", "SSLmode": "disable", **more}
    return pyodbc.connect(";".join(f"{k}={v}" for k, v in options.items()))


for name, options in {"plain": {}, "declare": {"UseDeclareFetch": "1", "Fetch": "7"}, "server side": {"UseServerSidePrepare": "1"}, "client side": {"UseServerSidePrepare": "0"}}.items():
    print(name, flush=True)
    c = connect(**options)
    cur = c.cursor()
    cur.execute("DROP TABLE IF EXISTS odbc")
    cur.execute("CREATE TABLE odbc (i int PRIMARY KEY, n numeric(12,2), t varchar(20), d date, ts timestamp)")
    for i in range(20):
        cur.execute("INSERT INTO odbc VALUES (?, ?, ?, ?, ?)", i, D("1.25") * i, f"row {i}", datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 1, 2, 3))
    c.commit()
    # Two statements with parameters on one handle: the driver prepares them under the
    # same name and drops the first with DEALLOCATE.
    for _ in range(3):
        assert cur.execute("SELECT t FROM odbc WHERE i = ?", 7).fetchone()[0] == "row 7"
        assert tuple(cur.execute("SELECT n, d, ts FROM odbc WHERE t = ? AND i < ?", "row 4", 10).fetchone()) == (D("5.00"), datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 1, 2, 3))
    assert len(cur.execute("SELECT * FROM odbc ORDER BY i").fetchall()) == 20
    cur.execute("UPDATE odbc SET n = n + ? WHERE i = ?", D("0.50"), 1)
    assert cur.rowcount == 1
    c.rollback()
    assert cur.execute("SELECT n FROM odbc WHERE i = ?", 1).fetchone()[0] == D("1.25")
    try:
        cur.execute("INSERT INTO odbc (i) VALUES (?)", 1)
        raise AssertionError("a duplicate")
    except pyodbc.IntegrityError as e:
        assert e.args[0] == "23505", e.args
    c.rollback()
    assert [r.table_name for r in cur.tables(table="odbc")] == ["odbc"]
    assert [r.column_name for r in cur.columns(table="odbc")] == ["i", "n", "t", "d", "ts"]
    assert [r.column_name for r in cur.primaryKeys("odbc")] == ["i"]
    assert "odbc_pkey" in [r.index_name for r in cur.statistics("odbc")]
    c.commit()
    c.close()
