import java.math.BigDecimal;
import java.sql.*;
import java.util.*;

/** pgjdbc: setDate, setBigDecimal, setTimestamp, batches, generated keys, metadata, fetch size, savepoints. */
public class Jdbc {
    static void check(boolean ok, String what) {
        if (!ok) throw new AssertionError(what);
    }

    static void equal(Object got, Object want) {
        check(Objects.equals(got, want), "got " + got + ", want " + want);
    }

    public static void main(String[] args) throws Exception {
        String url = "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/htap?user=htap&sslmode=disable";
        for (String mode : new String[] {"extended", "extendedForPrepared", "simple"}) {
            for (String zone : new String[] {"UTC", "America/New_York", "Asia/Kolkata"}) {
                TimeZone.setDefault(TimeZone.getTimeZone(zone));
                try (Connection c = DriverManager.getConnection(url + "&prepareThreshold=2&preferQueryMode=" + mode)) {
                    values(c);
                    if (zone.equals("UTC")) {
                        batches(c);
                        if (!mode.equals("simple")) fetchSize(c);
                        if (!mode.equals("simple")) metadata(c);
                        errors(c);
                        altered(c);
                    }
                }
                if (zone.equals("UTC")) rewritten(url + "&reWriteBatchedInserts=true&preferQueryMode=" + mode);
            }
            System.out.println(mode);
        }
    }

    static void values(Connection c) throws SQLException {
        try (Statement s = c.createStatement()) {
            s.execute("DROP TABLE IF EXISTS jv");
            s.execute("CREATE TABLE jv (i int, d date, n numeric(20,4), ts timestamp, tz timestamptz, b boolean, t text, f double precision, y bytea)");
        }
        java.sql.Date day = java.sql.Date.valueOf("2024-02-29");
        Timestamp at = Timestamp.valueOf("2024-02-29 01:02:03.123456");
        try (PreparedStatement p = c.prepareStatement("INSERT INTO jv VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
            for (int i = 0; i < 4; i++) { // from the second on prepared by name, then binary
                p.setInt(1, i);
                p.setDate(2, day);
                p.setBigDecimal(3, new BigDecimal("12345678.9012"));
                p.setTimestamp(4, at);
                p.setTimestamp(5, at);
                p.setBoolean(6, true);
                p.setString(7, "naïve");
                p.setDouble(8, 0.25);
                p.setBytes(9, new byte[] {0, -1});
                equal(p.executeUpdate(), 1);
            }
        }
        try (PreparedStatement p = c.prepareStatement("SELECT * FROM jv WHERE d = ? AND n = ? AND ts = ? AND tz = ?")) {
            for (int i = 0; i < 4; i++) {
                p.setDate(1, day);
                p.setBigDecimal(2, new BigDecimal("12345678.9012"));
                p.setTimestamp(3, at);
                p.setTimestamp(4, at);
                try (ResultSet r = p.executeQuery()) {
                    int rows = 0;
                    while (r.next()) {
                        rows++;
                        equal(r.getDate("d").toString(), "2024-02-29");
                        equal(r.getBigDecimal("n"), new BigDecimal("12345678.9012"));
                        equal(r.getTimestamp("ts"), at);
                        equal(r.getTimestamp("tz"), at);
                        equal(r.getBoolean("b"), true);
                        equal(r.getString("t"), "naïve");
                        equal(r.getDouble("f"), 0.25);
                        equal(r.getBytes("y").length, 2);
                    }
                    equal(rows, 4);
                }
            }
        }
        try (PreparedStatement p = c.prepareStatement("SELECT ? + 1, ?")) {
            for (int i = 0; i < 4; i++) {
                p.setBigDecimal(1, new BigDecimal("1.5"));
                p.setBigDecimal(2, new BigDecimal("2.25"));
                try (ResultSet r = p.executeQuery()) {
                    check(r.next(), "a row");
                    check(r.getBigDecimal(1).compareTo(new BigDecimal("2.5")) == 0, "numeric arithmetic: " + r.getBigDecimal(1));
                    check(r.getBigDecimal(2).compareTo(new BigDecimal("2.25")) == 0, "a numeric parameter: " + r.getBigDecimal(2));
                }
            }
        }
    }

    static void batches(Connection c) throws SQLException {
        try (Statement s = c.createStatement()) {
            s.execute("DROP TABLE IF EXISTS jb");
            s.execute("CREATE TABLE jb (id serial PRIMARY KEY, v int UNIQUE)");
        }
        try (PreparedStatement p = c.prepareStatement("INSERT INTO jb (v) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
            for (int i = 0; i < 300; i++) {
                p.setInt(1, i);
                p.addBatch();
            }
            equal(p.executeBatch().length, 300);
            int keys = 0;
            try (ResultSet r = p.getGeneratedKeys()) {
                while (r.next()) equal(r.getInt(1), ++keys);
            }
            equal(keys, 300);
        }
        try (PreparedStatement p = c.prepareStatement("INSERT INTO jb (v) VALUES (?)")) {
            c.setAutoCommit(false);
            for (int v : new int[] {1000, 5, 1001}) {
                p.setInt(1, v);
                p.addBatch();
            }
            try {
                p.executeBatch();
                throw new AssertionError("a duplicate in the batch");
            } catch (BatchUpdateException e) {
                equal(e.getSQLState(), "23505");
            }
            c.rollback();
            Savepoint sp = c.setSavepoint("here");
            try (Statement s = c.createStatement()) {
                s.executeUpdate("INSERT INTO jb (v) VALUES (2000)");
            }
            c.rollback(sp);
            c.commit();
            c.setAutoCommit(true);
        }
        try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT count(*), max(v) FROM jb")) {
            check(r.next(), "a row");
            equal(r.getLong(1), 300L);
            equal(r.getInt(2), 299);
        }
    }

    static void fetchSize(Connection c) throws SQLException {
        c.setAutoCommit(false);
        try (PreparedStatement p = c.prepareStatement("SELECT g, 'row ' || g FROM generate_series(1, 1000) AS x(g)"); Statement other = c.createStatement()) {
            p.setFetchSize(70);
            int rows = 0;
            try (ResultSet r = p.executeQuery()) {
                while (r.next()) {
                    equal(r.getInt(1), ++rows);
                    if (rows % 300 == 0) { // another statement between two portions
                        try (ResultSet o = other.executeQuery("SELECT 7")) {
                            check(o.next() && o.getInt(1) == 7, "the other statement");
                        }
                    }
                }
            }
            equal(rows, 1000);
        }
        c.commit();
        c.setAutoCommit(true);
    }

    static void metadata(Connection c) throws SQLException {
        DatabaseMetaData m = c.getMetaData();
        try (Statement s = c.createStatement()) {
            s.execute("DROP TABLE IF EXISTS jm");
            s.execute("CREATE TABLE jm (a int, b varchar(9) NOT NULL, PRIMARY KEY (b, a))");
        }
        check(m.getDatabaseProductName().equals("PostgreSQL"), m.getDatabaseProductName());
        List<String> got = new ArrayList<>();
        try (ResultSet r = m.getTables(null, "public", "j_", new String[] {"TABLE"})) {
            while (r.next()) got.add(r.getString("TABLE_NAME"));
        }
        equal(got, List.of("jb", "jm", "jv"));
        got.clear();
        try (ResultSet r = m.getColumns(null, "public", "jm", null)) {
            while (r.next()) got.add(r.getString("COLUMN_NAME") + " " + r.getString("TYPE_NAME") + " " + r.getInt("COLUMN_SIZE") + " " + r.getString("IS_NULLABLE"));
        }
        equal(got, List.of("a int4 10 NO", "b varchar 9 NO"));
        got.clear();
        try (ResultSet r = m.getSchemas()) { while (r.next()) got.add(r.getString(1)); }
        check(got.contains("public"), "schemas " + got);
        for (ResultSet r : new ResultSet[] {m.getTypeInfo(), m.getTableTypes(), m.getCatalogs()}) {
            try (r) { while (r.next()) r.getString(1); }
        }
        try (PreparedStatement p = c.prepareStatement("SELECT a, b FROM jm WHERE a = ?")) {
            equal(p.getParameterMetaData().getParameterTypeName(1), "int4");
            ResultSetMetaData rm = p.getMetaData();
            equal(rm.getColumnTypeName(2), "varchar");
            equal(rm.getTableName(2), "jm");
            equal(rm.isNullable(2), ResultSetMetaData.columnNoNulls);
        }
    }

    /** A prepared statement whose columns change is prepared again by the driver. */
    static void altered(Connection c) throws SQLException {
        try (Statement s = c.createStatement(); PreparedStatement p = c.prepareStatement("SELECT * FROM ja WHERE a = ?")) {
            s.execute("DROP TABLE IF EXISTS ja; CREATE TABLE ja (a int, b text); INSERT INTO ja VALUES (1, 'x')");
            String[] ddl = {null, null, null, "ADD c int", "DROP b", "RENAME c TO d"};
            int[] columns = {2, 2, 2, 3, 2, 2};
            for (int i = 0; i < ddl.length; i++) {
                if (ddl[i] != null) s.execute("ALTER TABLE ja " + ddl[i]);
                p.setInt(1, 1);
                try (ResultSet r = p.executeQuery()) {
                    check(r.next(), "a row after " + ddl[i]);
                    equal(r.getMetaData().getColumnCount(), columns[i]);
                }
            }
            s.execute("DROP TABLE ja");
        }
    }

    /** Batches that the driver rewrites to INSERTs of many rows, of several sizes. */
    static void rewritten(String url) throws SQLException {
        try (Connection c = DriverManager.getConnection(url); Statement s = c.createStatement()) {
            s.execute("DROP TABLE IF EXISTS jr; CREATE TABLE jr (a int PRIMARY KEY, b numeric(10,2), c text)");
            try (PreparedStatement p = c.prepareStatement("INSERT INTO jr (a, b, c) VALUES (?, ?, ?) ON CONFLICT (a) DO NOTHING")) {
                for (int n : new int[] {1, 2, 77, 1000}) {
                    for (int i = 0; i < n; i++) {
                        p.setInt(1, n * 10000 + i);
                        p.setBigDecimal(2, new BigDecimal("1.25"));
                        p.setString(3, i % 3 == 0 ? null : "row " + i);
                        p.addBatch();
                    }
                    equal(p.executeBatch().length, n);
                }
            }
            try (ResultSet r = s.executeQuery("SELECT count(*), sum(b), count(c) FROM jr")) {
                check(r.next(), "a row");
                equal(r.getLong(1), 1080L);
                equal(r.getBigDecimal(2), new BigDecimal("1350.00"));
                equal(r.getLong(3), 718L);
            }
            s.execute("DROP TABLE jr");
        }
    }

    static void errors(Connection c) throws SQLException {
        try (Statement s = c.createStatement()) {
            s.execute("INSERT INTO jm VALUES (1, NULL)");
            throw new AssertionError("a NULL");
        } catch (org.postgresql.util.PSQLException e) {
            equal(e.getSQLState(), "23502");
            equal(e.getServerErrorMessage().getColumn(), "b");
            equal(e.getServerErrorMessage().getTable(), "jm");
        }
        try (Statement s = c.createStatement()) {
            s.setQueryTimeout(1);
            s.execute("SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b WHERE a + b < 0");
            throw new AssertionError("no timeout");
        } catch (SQLException e) {
            equal(e.getSQLState(), "57014");
        }
    }
}
