package flight

import (
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"
	"github.com/apache/arrow-go/v18/arrow/scalar"
	"google.golang.org/grpc/codes"
)

// batch builds a record batch from JSON rows.
func (f *fixture) batch(schema *arrow.Schema, json string) arrow.RecordBatch {
	f.t.Helper()
	rec, _, err := array.RecordFromJSON(f.mem, schema, strings.NewReader(json))
	if err != nil {
		f.t.Fatal(err)
	}
	return rec
}

func TestPrepared(t *testing.T) {
	f := start(t, Options{})
	f.exec("CREATE TABLE t (id BIGINT PRIMARY KEY, v TEXT, d DATE)")
	insert, err := f.c.Prepare(f.ctx, "INSERT INTO t VALUES ($1, $2, $3)")
	if err != nil {
		t.Fatal(err)
	}
	if s := insert.ParameterSchema(); s.NumFields() != 3 || s.Field(0).Type.ID() != arrow.INT64 || s.Field(2).Type.ID() != arrow.DATE32 {
		t.Errorf("parameters %s", s)
	}
	if s := insert.DatasetSchema(); s == nil || s.NumFields() != 0 {
		t.Errorf("an INSERT has the result %v", s)
	}
	// Integers narrower than the column, and a date as text, are converted.
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: arrow.PrimitiveTypes.Int32}, {Name: "b", Type: arrow.BinaryTypes.String, Nullable: true}, {Name: "c", Type: arrow.BinaryTypes.String},
	}, nil)
	rows := f.batch(schema, `[{"a": 1, "b": "x", "c": "2001-02-03"}, {"a": 2, "b": null, "c": "2001-02-04"}]`)
	insert.SetParameters(rows)
	rows.Release()
	if n, err := insert.ExecuteUpdate(f.ctx); n != 2 || err != nil {
		t.Errorf("executemany: %d, %v", n, err)
	}
	// The rows of one call are one transaction.
	rows = f.batch(schema, `[{"a": 3, "b": "x", "c": "2001-02-03"}, {"a": 1, "b": null, "c": "2001-02-04"}]`)
	insert.SetParameters(rows)
	rows.Release()
	_, err = insert.ExecuteUpdate(f.ctx)
	wantCode(t, err, codes.AlreadyExists, "23505")
	if got := f.query("SELECT count(*) FROM t"); got != "2" {
		t.Errorf("count after a failed call: %s", got)
	}
	if err := insert.Close(f.ctx); err != nil {
		t.Error(err)
	}

	query, err := f.c.Prepare(f.ctx, "SELECT id, v, d FROM t WHERE id = $1")
	if err != nil {
		t.Fatal(err)
	}
	defer query.Close(f.ctx)
	if s := query.DatasetSchema(); s == nil || s.NumFields() != 3 {
		t.Errorf("result %v", s)
	}
	_, err = query.Execute(f.ctx)
	wantCode(t, err, codes.InvalidArgument, "08P01")
	one := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.PrimitiveTypes.Int64}}, nil)
	for _, tc := range []struct{ params, want string }{
		{`[{"id": 2}]`, "2 (null) 2001-02-04"},
		{`[{"id": 1}, {"id": 7}, {"id": 2}]`, "1 x 2001-02-03\n2 (null) 2001-02-04"},
	} {
		rec := f.batch(one, tc.params)
		query.SetParameters(rec)
		rec.Release()
		info, err := query.Execute(f.ctx)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.fetch(f.c, info); got != tc.want {
			t.Errorf("%s: %q", tc.params, got)
		}
	}
}

// TestPreparedRunsOnce: DDL and DML through a prepared query, as cursors of
// Python's DBAPI send everything, run once.
func TestPreparedRunsOnce(t *testing.T) {
	f := start(t, Options{})
	for _, sql := range []string{"CREATE TABLE t (id BIGINT)", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2) RETURNING id"} {
		p, err := f.c.Prepare(f.ctx, sql)
		if err != nil {
			t.Fatal(sql, err)
		}
		info, err := p.Execute(f.ctx)
		if err != nil {
			t.Fatal(sql, err)
		}
		f.fetch(f.c, info)
		if err := p.Close(f.ctx); err != nil {
			t.Error(err)
		}
	}
	if got := f.query("SELECT id FROM t ORDER BY id"); got != "1\n2" {
		t.Errorf("rows %q", got)
	}
	_, err := f.c.LoadPreparedStatementFromResult(&flightsql.CreatePreparedStatementResult{PreparedStatementHandle: []byte("nosuch")})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTransactions(t *testing.T) {
	f := start(t, Options{})
	f.exec("CREATE TABLE t (id BIGINT PRIMARY KEY)")
	tx, err := f.c.BeginTransaction(f.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecuteUpdate(f.ctx, "INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	if got := f.query("SELECT count(*) FROM t"); got != "0" {
		t.Errorf("another transaction sees %s rows", got)
	}
	info, err := tx.Execute(f.ctx, "SELECT count(*) FROM t")
	if err != nil {
		t.Fatal(err)
	}
	if got := f.fetch(f.c, info); got != "1" {
		t.Errorf("the transaction sees %s rows", got)
	}
	sp, err := tx.BeginSavepoint(f.ctx, "a name with blanks")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecuteUpdate(f.ctx, "INSERT INTO t VALUES (2)"); err != nil {
		t.Fatal(err)
	}
	if err := tx.RollbackSavepoint(f.ctx, sp); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(f.ctx); err != nil {
		t.Fatal(err)
	}
	if got := f.query("SELECT id FROM t"); got != "1" {
		t.Errorf("after the commit %q", got)
	}
	_, err = tx.ExecuteUpdate(f.ctx, "INSERT INTO t VALUES (3)")
	if err == nil {
		t.Error("a statement in a transaction that has ended")
	}

	// A failed transaction cannot commit.
	tx, _ = f.c.BeginTransaction(f.ctx)
	_, _ = tx.ExecuteUpdate(f.ctx, "INSERT INTO t VALUES (4)")
	_, err = tx.ExecuteUpdate(f.ctx, "INSERT INTO t VALUES (1)")
	wantCode(t, err, codes.AlreadyExists, "23505")
	wantCode(t, tx.Commit(f.ctx), codes.FailedPrecondition, "25P02")
	if got := f.query("SELECT count(*) FROM t"); got != "1" {
		t.Errorf("after a failed commit %s rows", got)
	}
	// One that nobody ends expires.
	tx, _ = f.c.BeginTransaction(f.ctx)
	f.srv.sweep(time.Now().Add(time.Hour))
	if err := tx.Commit(f.ctx); err == nil {
		t.Error("an expired transaction committed")
	}
}

// TestTransactionBySQL: BEGIN and COMMIT sent as statements, on any path.
func TestTransactionBySQL(t *testing.T) {
	f := start(t, Options{})
	f.exec("CREATE TABLE t (id BIGINT PRIMARY KEY)", "BEGIN", "INSERT INTO t VALUES (1)")
	other := f.client()
	defer other.Close()
	info, err := other.Execute(f.ctx, "SELECT count(*) FROM t")
	if err != nil {
		t.Fatal(err)
	}
	if got := f.fetch(other, info); got != "0" {
		t.Errorf("another client sees %s rows", got)
	}
	p, err := f.c.Prepare(f.ctx, "ROLLBACK")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Execute(f.ctx); err != nil {
		t.Fatal(err)
	}
	_ = p.Close(f.ctx)
	if got := f.query("SELECT count(*) FROM t"); got != "0" {
		t.Errorf("after ROLLBACK %s rows", got)
	}
	before, err := f.c.Prepare(f.ctx, "INSERT INTO t VALUES (5)")
	if err != nil {
		t.Fatal(err)
	}
	f.exec("BEGIN")
	if _, err := before.ExecuteUpdate(f.ctx); err != nil {
		t.Fatal(err)
	}
	f.exec("COMMIT")
	_ = before.Close(f.ctx)
	if got := f.query("SELECT id FROM t"); got != "5" {
		t.Errorf("after COMMIT %q", got)
	}
	f.exec("BEGIN") // left open: the end of the connection rolls back
}

// TestStreamsOfOneTransaction can be read in turns.
func TestStreamsOfOneTransaction(t *testing.T) {
	f := start(t, Options{})
	tx, err := f.c.BeginTransaction(f.ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(f.ctx)
	var readers []*flight.Reader
	for range 2 {
		info, err := tx.Execute(f.ctx, "SELECT g FROM generate_series(1, 300000) AS x(g)")
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.c.DoGet(f.ctx, info.Endpoint[0].Ticket)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Release()
		readers = append(readers, r)
	}
	rows := int64(0)
	for more := true; more; {
		more = false
		for _, r := range readers {
			if r.Next() {
				rows += r.RecordBatch().NumRows()
				more = true
			}
		}
	}
	if rows != 600000 {
		t.Errorf("%d rows, %v, %v", rows, readers[0].Err(), readers[1].Err())
	}
}

func TestIngest(t *testing.T) {
	f := start(t, Options{})
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.PrimitiveTypes.Int64}, {Name: "Name", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)
	ingest := func(o *flightsql.ExecuteIngestOpts) (int64, error) {
		rec := f.batch(schema, `[{"id": 1, "Name": "a"}, {"id": 2, "Name": null}]`)
		defer rec.Release()
		r, err := array.NewRecordReader(schema, []arrow.RecordBatch{rec, rec})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Release()
		return f.c.ExecuteIngest(f.ctx, r, o)
	}
	const (
		create  = flightsql.TableDefinitionOptionsTableNotExistOptionCreate
		failNew = flightsql.TableDefinitionOptionsTableNotExistOptionFail
		failOld = flightsql.TableDefinitionOptionsTableExistsOptionFail
		append_ = flightsql.TableDefinitionOptionsTableExistsOptionAppend
		replace = flightsql.TableDefinitionOptionsTableExistsOptionReplace
	)
	options := func(a flightsql.TableDefinitionOptionsTableNotExistOption, b flightsql.TableDefinitionOptionsTableExistsOption) *flightsql.ExecuteIngestOpts {
		return &flightsql.ExecuteIngestOpts{Table: "t", TableDefinitionOptions: &flightsql.TableDefinitionOptions{IfNotExist: a, IfExists: b}}
	}
	_, err := ingest(options(failNew, append_))
	wantCode(t, err, codes.NotFound, "42P01")
	for _, tc := range []struct {
		o     *flightsql.ExecuteIngestOpts
		count string
	}{{options(create, failOld), "4"}, {options(failNew, append_), "8"}, {options(create, append_), "12"}, {options(create, replace), "4"}} {
		if n, err := ingest(tc.o); n != 4 || err != nil {
			t.Fatalf("%v: %d, %v", tc.o.TableDefinitionOptions, n, err)
		}
		if got := f.query("SELECT count(*) FROM t"); got != tc.count {
			t.Errorf("%v: %s rows, want %s", tc.o.TableDefinitionOptions, got, tc.count)
		}
	}
	if got := f.query(`SELECT DISTINCT id, "Name" FROM t ORDER BY id`); got != "1 a\n2 (null)" {
		t.Errorf("rows %q", got)
	}
	_, err = ingest(options(create, failOld))
	wantCode(t, err, codes.AlreadyExists, "42P07")
	o := options(create, append_)
	o.Temporary = true
	_, err = ingest(o)
	wantCode(t, err, codes.Unimplemented, "0A000")
	// In a transaction that is rolled back nothing stays, also when the client
	// leaves the transaction's id out.
	for _, named := range []bool{true, false} {
		tx, err := f.c.BeginTransaction(f.ctx)
		if err != nil {
			t.Fatal(err)
		}
		rec := f.batch(schema, `[{"id": 9, "Name": "z"}]`)
		r, _ := array.NewRecordReader(schema, []arrow.RecordBatch{rec})
		o = options(failNew, append_)
		if named {
			o.TransactionId = tx.ID()
		}
		if n, err := f.c.ExecuteIngest(f.ctx, r, o); n != 1 || err != nil {
			t.Errorf("in a transaction: %d, %v", n, err)
		}
		r.Release()
		rec.Release()
		if err := tx.Rollback(f.ctx); err != nil {
			t.Error(err)
		}
		if got := f.query("SELECT count(*) FROM t"); got != "4" {
			t.Errorf("named %v: after the rollback %s rows", named, got)
		}
	}
}

// TestIngestLarge sends a batch beyond gRPC's default limit.
func TestIngestLarge(t *testing.T) {
	f := start(t, Options{})
	b := array.NewRecordBuilder(f.mem, arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.PrimitiveTypes.Int64}}, nil))
	defer b.Release()
	const rows = 600_000 // 4.8 MB in one message
	for i := range int64(rows) {
		b.Field(0).(*array.Int64Builder).Append(i)
	}
	rec := b.NewRecordBatch()
	defer rec.Release()
	r, _ := array.NewRecordReader(rec.Schema(), []arrow.RecordBatch{rec})
	defer r.Release()
	n, err := f.c.ExecuteIngest(f.ctx, r, &flightsql.ExecuteIngestOpts{Table: "big", TableDefinitionOptions: &flightsql.TableDefinitionOptions{
		IfNotExist: flightsql.TableDefinitionOptionsTableNotExistOptionCreate, IfExists: flightsql.TableDefinitionOptionsTableExistsOptionFail}})
	if n != rows || err != nil {
		t.Fatal(n, err)
	}
	if got := f.query("SELECT count(*), sum(id) FROM big"); got != "600000 179999700000" {
		t.Errorf("rows %s", got)
	}
}

func TestCatalog(t *testing.T) {
	f := start(t, Options{})
	f.exec("CREATE TABLE b (x BIGINT, y NUMERIC(10,2) NOT NULL, z TEXT, PRIMARY KEY (z, x))", "CREATE TABLE a_1 (id SERIAL)", "CREATE VIEW v AS SELECT x + 1 AS w FROM b")
	get := func(info *flight.FlightInfo, err error) *flight.FlightInfo {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	ptr := func(s string) *string { return &s }
	list := func(info *flight.FlightInfo, err error) string { t.Helper(); return f.fetch(f.c, get(info, err)) }
	for _, tc := range []struct{ what, got, want string }{
		{"catalogs", list(f.c.GetCatalogs(f.ctx)), "htap"},
		{"schemas", list(f.c.GetDBSchemas(f.ctx, &flightsql.GetDBSchemasOpts{})), "htap public"},
		{"no schema", list(f.c.GetDBSchemas(f.ctx, &flightsql.GetDBSchemasOpts{DbSchemaFilterPattern: ptr("priv%")})), ""},
		{"tables", list(f.c.GetTables(f.ctx, &flightsql.GetTablesOpts{})), "htap public a_1 TABLE\nhtap public b TABLE\nhtap public v VIEW"},
		{"by pattern", list(f.c.GetTables(f.ctx, &flightsql.GetTablesOpts{TableNameFilterPattern: ptr(`a\__`)})), "htap public a_1 TABLE"},
		{"by type", list(f.c.GetTables(f.ctx, &flightsql.GetTablesOpts{TableTypes: []string{"VIEW"}})), "htap public v VIEW"},
		{"by JDBC's type", list(f.c.GetTables(f.ctx, &flightsql.GetTablesOpts{TableTypes: []string{"BASE TABLE"}})), "htap public a_1 TABLE\nhtap public b TABLE"},
		{"other catalog", list(f.c.GetTables(f.ctx, &flightsql.GetTablesOpts{Catalog: ptr("x")})), ""},
		{"table types", list(f.c.GetTableTypes(f.ctx)), "TABLE\nVIEW"},
		{"primary key", list(f.c.GetPrimaryKeys(f.ctx, flightsql.TableRef{Table: "b"})), "htap public b z 1 b_pkey\nhtap public b x 2 b_pkey"},
		{"imported keys", list(f.c.GetImportedKeys(f.ctx, flightsql.TableRef{Table: "b"})), ""},
		{"exported keys", list(f.c.GetExportedKeys(f.ctx, flightsql.TableRef{Table: "b"})), ""},
		{"cross reference", list(f.c.GetCrossReference(f.ctx, flightsql.TableRef{Table: "b"}, flightsql.TableRef{Table: "b"})), ""},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %q, want %q", tc.what, tc.got, tc.want)
		}
	}
	schemas := map[string]*arrow.Schema{}
	r, err := f.c.DoGet(f.ctx, get(f.c.GetTables(f.ctx, &flightsql.GetTablesOpts{IncludeSchema: true})).Endpoint[0].Ticket)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	if !r.Schema().Equal(schema_ref.TablesWithIncludedSchema) {
		t.Errorf("schema of tables %s", r.Schema())
	}
	for r.Next() {
		rec := r.RecordBatch()
		for i := range int(rec.NumRows()) {
			s, err := flight.DeserializeSchema(rec.Column(4).(*array.Binary).Value(i), f.mem)
			if err != nil {
				t.Fatal(err)
			}
			schemas[rec.Column(2).ValueStr(i)] = s
		}
	}
	if s := schemas["b"]; s.NumFields() != 3 || s.Field(1).Nullable || !s.Field(2).HasMetadata() || s.Field(1).Type.String() != "decimal(10, 2)" {
		t.Errorf("schema of b: %s", s)
	}
	if v, _ := schemas["a_1"].Field(0).Metadata.GetValue(flightsql.IsAutoIncrementKey); v != "1" {
		t.Errorf("a serial column is not marked: %v", schemas["a_1"])
	}
	if s := schemas["v"]; s.NumFields() != 1 || s.Field(0).Name != "w" {
		t.Errorf("schema of v: %s", s)
	}
}

// TestInfo reads every id that drivers ask for, and the types.
func TestInfo(t *testing.T) {
	f := start(t, Options{})
	var ids []flightsql.SqlInfo
	for id := range flightsql.SqlInfo(14) {
		if id != 12 && id != 13 {
			ids = append(ids, id)
		}
	}
	ids = append(ids, 100, 101)
	for id := flightsql.SqlInfo(500); id <= 576; id++ {
		ids = append(ids, id)
	}
	info, err := f.c.GetSqlInfo(f.ctx, ids)
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.c.DoGet(f.ctx, info.Endpoint[0].Ticket)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	got := map[uint32]string{}
	for r.Next() {
		rec := r.RecordBatch()
		for i := range int(rec.NumRows()) {
			v, err := scalar.GetScalar(rec.Column(1), i)
			if err != nil {
				t.Fatal(err)
			}
			got[rec.Column(0).(*array.Uint32).Value(i)] = v.(*scalar.DenseUnion).Value.String()
			v.(scalar.Releasable).Release()
		}
	}
	for id, want := range map[uint32]string{0: "htapdb", 4: "true", 8: "2", 9: "true", 10: "true", 504: `"`} {
		if got[id] != want {
			t.Errorf("id %d is %q, want %q", id, got[id], want)
		}
	}
	if err := r.Err(); err != nil || len(got) != len(ids) {
		t.Errorf("%d of %d ids, %v", len(got), len(ids), err)
	}
	all, err := f.c.GetXdbcTypeInfo(f.ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(f.fetch(f.c, all), "\n"); len(lines) != len(xdbcTypes) {
		t.Errorf("%d types", len(lines))
	}
	code := int32(-5)
	one, err := f.c.GetXdbcTypeInfo(f.ctx, &code)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.fetch(f.c, one); !strings.HasPrefix(got, "bigint -5 19 ") {
		t.Errorf("bigint: %q", got)
	}
}

func TestSessionOptions(t *testing.T) {
	f := start(t, Options{})
	set := func(options map[string]any) map[string]*flight.SetSessionOptionsResultError {
		t.Helper()
		values, err := flight.NewSessionOptionValues(options)
		if err != nil {
			t.Fatal(err)
		}
		res, err := f.c.SetSessionOptions(f.ctx, &flight.SetSessionOptionsRequest{SessionOptions: values})
		if err != nil {
			t.Fatal(err)
		}
		return res.Errors
	}
	if errs := set(map[string]any{"catalog": "htap", "schema": "public", "htap.route": "row", "TimeZone": "Asia/Tokyo"}); len(errs) != 0 {
		t.Errorf("errors %v", errs)
	}
	errs := set(map[string]any{"catalog": "x", "nosuch": int64(1), "htap.route": "sideways"})
	if errs["catalog"].GetValue() != flight.SetSessionOptionsResultErrorInvalidValue || errs["nosuch"].GetValue() != flight.SetSessionOptionsResultErrorInvalidName || errs["htap.route"].GetValue() != flight.SetSessionOptionsResultErrorInvalidValue {
		t.Errorf("errors %v", errs)
	}
	f.exec("SET htap.freshness = '100ms'")
	res, err := f.c.GetSessionOptions(f.ctx, &flight.GetSessionOptionsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"catalog": "htap", "schema": "public", "htap.route": "row", "htap.freshness": "100ms", "timezone": "Asia/Tokyo"} {
		if got := res.SessionOptions[name].GetStringValue(); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := f.query("SHOW htap.route"); got != "row" {
		t.Errorf("statements have route %q", got)
	}
	f.exec("RESET htap.route")
	if got := f.query("SHOW htap.route"); got != "auto" {
		t.Errorf("after RESET route %q", got)
	}
	if _, err := f.c.CloseSession(f.ctx, &flight.CloseSessionRequest{}); err != nil {
		t.Error(err)
	}
	if got := f.query("SHOW htap.freshness"); got != "exact" {
		t.Errorf("after CloseSession freshness %q", got)
	}
}

func TestLike(t *testing.T) {
	for _, tc := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"a%", "abc", true}, {"%c", "abc", true}, {"%b%", "abc", true}, {"a_c", "abc", true},
		{"a_c", "aéc", true}, {"a_c", "ac", false}, {`a\%`, "a%", true}, {`a\%`, "ab", false}, {"%%", "x", true}, {"abc", "ab", false},
	} {
		if got := like(tc.pattern, tc.s); got != tc.want {
			t.Errorf("%q LIKE %q is %v", tc.s, tc.pattern, got)
		}
	}
}
