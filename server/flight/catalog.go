package flight

import (
	"context"
	"slices"
	"strings"

	"htapdb/htap"
	"htapdb/sql/parser"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"
)

// Kinds of relations. As a filter both spellings of a table are accepted:
// ODBC's and JDBC's.
const (
	kindTable     = "TABLE"
	kindBaseTable = "BASE TABLE"
	kindView      = "VIEW"
)

// describe gives the FlightInfo of a metadata command: its ticket is the command.
func (v *service) describe(desc *flight.FlightDescriptor, schema *arrow.Schema) (*flight.FlightInfo, error) {
	return &flight.FlightInfo{
		Schema: flight.SerializeSchema(schema, v.opt.Alloc), FlightDescriptor: desc,
		Endpoint:     []*flight.FlightEndpoint{{Ticket: &flight.Ticket{Ticket: desc.Cmd}}},
		TotalRecords: -1, TotalBytes: -1,
	}, nil
}

// records streams one record batch that fill builds.
func (v *service) records(schema *arrow.Schema, fill func(b *array.RecordBuilder) error) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	b := array.NewRecordBuilder(v.opt.Alloc, schema)
	defer b.Release()
	if err := fill(b); err != nil {
		return nil, nil, toStatus(context.Background(), err)
	}
	rec := b.NewRecordBatch()
	if rec.NumRows() == 0 {
		rec.Release()
		return emptyStream(schema)
	}
	ch := make(chan flight.StreamChunk, 1)
	ch <- flight.StreamChunk{Data: rec}
	close(ch)
	return schema, ch, nil
}

// addText appends a value to a text column, a nil pointer as NULL.
func addText(b *array.RecordBuilder, column int, values ...string) {
	for i, value := range values {
		b.Field(column + i).(*array.StringBuilder).Append(value)
	}
}

// GetFlightInfoCatalogs and DoGetCatalogs list the one catalog.
func (v *service) GetFlightInfoCatalogs(_ context.Context, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return v.describe(desc, schema_ref.Catalogs)
}

// DoGetCatalogs lists the one catalog.
func (v *service) DoGetCatalogs(context.Context) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return v.records(schema_ref.Catalogs, func(b *array.RecordBuilder) error {
		addText(b, 0, theName)
		return nil
	})
}

// GetFlightInfoSchemas describes the list of schemas.
func (v *service) GetFlightInfoSchemas(_ context.Context, _ flightsql.GetDBSchemas, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return v.describe(desc, schema_ref.DBSchemas)
}

// DoGetDBSchemas lists the schemas.
func (v *service) DoGetDBSchemas(_ context.Context, cmd flightsql.GetDBSchemas) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return v.records(schema_ref.DBSchemas, func(b *array.RecordBuilder) error {
		if !isCatalog(cmd.GetCatalog()) {
			return nil
		}
		names, err := v.db.Schemas()
		if err != nil {
			return err
		}
		for _, name := range names {
			if matches(cmd.GetDBSchemaFilterPattern(), name) {
				addText(b, 0, theName, name)
			}
		}
		return nil
	})
}

// GetFlightInfoTables describes the list of tables.
func (v *service) GetFlightInfoTables(_ context.Context, cmd flightsql.GetTables, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return v.describe(desc, tablesSchema(cmd))
}

// tablesSchema has the tables' own schemas in it if the client asks.
func tablesSchema(cmd flightsql.GetTables) *arrow.Schema {
	if cmd.GetIncludeSchema() {
		return schema_ref.TablesWithIncludedSchema
	}
	return schema_ref.Tables
}

// DoGetTables lists tables and views.
func (v *service) DoGetTables(ctx context.Context, cmd flightsql.GetTables) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return v.records(tablesSchema(cmd), func(b *array.RecordBuilder) error {
		if !isCatalog(cmd.GetCatalog()) {
			return nil
		}
		list, err := v.db.Relations()
		if err != nil {
			return err
		}
		for _, r := range list {
			if !matches(cmd.GetDBSchemaFilterPattern(), r.Schema) || !matches(cmd.GetTableNameFilterPattern(), r.Name) || !isWanted(cmd.GetTableTypes(), r) {
				continue
			}
			addText(b, 0, theName, r.Schema, r.Name, relationKind(r))
			if !cmd.GetIncludeSchema() {
				continue
			}
			schema, err := v.relationSchema(ctx, r)
			if err != nil {
				return err
			}
			b.Field(4).(*array.BinaryBuilder).Append(flight.SerializeSchema(schema, v.opt.Alloc))
		}
		return nil
	})
}

// relationKind is TABLE or VIEW.
func relationKind(r htap.Relation) string {
	if r.View {
		return kindView
	}
	return kindTable
}

// isWanted applies a filter of table types; an empty one is all.
func isWanted(wanted []string, r htap.Relation) bool {
	if len(wanted) == 0 || slices.Contains(wanted, relationKind(r)) {
		return true
	}
	return !r.View && slices.Contains(wanted, kindBaseTable)
}

// relationSchema is the Arrow schema of a relation's rows. A view is bound to
// learn its columns; one that can no longer be bound has none.
func (v *service) relationSchema(ctx context.Context, r htap.Relation) (*arrow.Schema, error) {
	if r.View {
		u, stmt, err := v.bindStatement(ctx, "SELECT * FROM "+parser.QuoteIdent(r.Schema)+"."+parser.QuoteIdent(r.Name), nil)
		if err != nil {
			return arrow.NewSchema(nil, nil), nil
		}
		defer u.release()
		schema, _ := resultSchema(stmt.Columns())
		return schema, nil
	}
	cols := make([]htap.Column, len(r.Columns))
	for i, c := range r.Columns {
		cols[i] = htap.Column{Name: c.Name, Type: c.Type}
	}
	schema, _ := resultSchema(cols)
	fields := schema.Fields()
	for i, c := range r.Columns {
		more := map[string]string{flightsql.SchemaNameKey: r.Schema, flightsql.TableNameKey: r.Name, flightsql.CatalogNameKey: theName}
		if c.AutoIncrement {
			more[flightsql.IsAutoIncrementKey] = "1"
		}
		fields[i].Nullable = !c.NotNull
		fields[i].Metadata = typeMetadata(c.Type, more)
	}
	return arrow.NewSchema(fields, nil), nil
}

// GetFlightInfoTableTypes describes the list of table types.
func (v *service) GetFlightInfoTableTypes(_ context.Context, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return v.describe(desc, schema_ref.TableTypes)
}

// DoGetTableTypes lists the table types.
func (v *service) DoGetTableTypes(context.Context) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return v.records(schema_ref.TableTypes, func(b *array.RecordBuilder) error {
		addText(b, 0, kindTable)
		addText(b, 0, kindView)
		return nil
	})
}

// GetFlightInfoPrimaryKeys describes the list of key columns.
func (v *service) GetFlightInfoPrimaryKeys(_ context.Context, _ flightsql.TableRef, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return v.describe(desc, schema_ref.PrimaryKeys)
}

// DoGetPrimaryKeys lists the columns of a table's primary key in their order.
func (v *service) DoGetPrimaryKeys(_ context.Context, ref flightsql.TableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return v.records(schema_ref.PrimaryKeys, func(b *array.RecordBuilder) error {
		if !isCatalog(ref.Catalog) {
			return nil
		}
		list, err := v.db.Relations()
		if err != nil {
			return err
		}
		for _, r := range list {
			if r.Name != ref.Table || ref.DBSchema != nil && *ref.DBSchema != r.Schema {
				continue
			}
			for i, column := range r.PrimaryKey {
				addText(b, 0, theName, r.Schema, r.Name, column)
				b.Field(4).(*array.Int32Builder).Append(int32(i + 1))
				addText(b, 5, r.PrimaryKeyName)
			}
		}
		return nil
	})
}

// GetFlightInfoExportedKeys, and the five below, describe foreign keys, of
// which there are none: the lists are empty and have the right columns.
func (v *service) GetFlightInfoExportedKeys(_ context.Context, _ flightsql.TableRef, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return v.describe(desc, schema_ref.ExportedKeys)
}

// DoGetExportedKeys is empty.
func (v *service) DoGetExportedKeys(context.Context, flightsql.TableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return emptyStream(schema_ref.ExportedKeys)
}

// GetFlightInfoImportedKeys describes the keys of DoGetImportedKeys.
func (v *service) GetFlightInfoImportedKeys(_ context.Context, _ flightsql.TableRef, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return v.describe(desc, schema_ref.ImportedKeys)
}

// DoGetImportedKeys is empty.
func (v *service) DoGetImportedKeys(context.Context, flightsql.TableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return emptyStream(schema_ref.ImportedKeys)
}

// GetFlightInfoCrossReference describes the keys of DoGetCrossReference.
func (v *service) GetFlightInfoCrossReference(_ context.Context, _ flightsql.CrossTableRef, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return v.describe(desc, schema_ref.CrossReference)
}

// DoGetCrossReference is empty.
func (v *service) DoGetCrossReference(context.Context, flightsql.CrossTableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return emptyStream(schema_ref.CrossReference)
}

// isCatalog applies a catalog filter; "" is 'without a catalog'.
func isCatalog(c *string) bool { return c == nil || *c == theName }

// matches applies a filter with SQL's wildcards; nil matches all.
func matches(pattern *string, s string) bool { return pattern == nil || like(*pattern, s) }

// like reports s LIKE pattern, with backslash as the escape.
func like(pattern, s string) bool {
	for pattern != "" {
		switch pattern[0] {
		case '%':
			pattern = strings.TrimLeft(pattern, "%")
			for i := 0; i <= len(s); i++ {
				if like(pattern, s[i:]) {
					return true
				}
			}
			return false
		case '_':
			if s == "" {
				return false
			}
			n := 1
			for n < len(s) && s[n]&0xc0 == 0x80 { // a character, not a byte
				n++
			}
			pattern, s = pattern[1:], s[n:]
			continue
		case '\\':
			if len(pattern) > 1 {
				pattern = pattern[1:]
			}
		}
		if s == "" || s[0] != pattern[0] {
			return false
		}
		pattern, s = pattern[1:], s[1:]
	}
	return s == ""
}
