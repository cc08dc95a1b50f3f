package catalog

import (
	"time"

	"htapdb/rowstore"
	"htapdb/sql/types"
)

// maxSchemas bounds the cache of compiled schemas.
const maxSchemas = 4096

// RowSchema returns the compiled definition of a table's rows. The whole
// descriptor is the key of what was compiled before: neither its version nor the
// names of its indexes say enough, as both are used again after a rollback.
func (c *Store) RowSchema(t *Table) (*rowstore.Schema, error) {
	key := t.form
	if key == "" {
		var err error
		if key, err = encode(t); err != nil {
			return nil, err
		}
	}
	c.schemaMu.Lock()
	defer c.schemaMu.Unlock()
	if s := c.schemaFor[key]; s != nil {
		return s, nil
	}
	def := rowstore.TableDef{ID: t.StorageID, Namespace: t.Schema, Name: t.Name, Version: t.Version, Primary: t.Primary, PrimaryName: t.PrimaryName}
	for i := range t.Columns {
		col, err := t.rowColumn(&t.Columns[i])
		if err != nil {
			return nil, err
		}
		def.Columns = append(def.Columns, col)
	}
	for i := range t.Dropped {
		col, err := t.rowColumn(&t.Dropped[i])
		if err != nil {
			return nil, err
		}
		def.Dropped = append(def.Dropped, col)
	}
	for i := range t.Indexes {
		x := &t.Indexes[i]
		def.Indexes = append(def.Indexes, rowstore.Index{ID: x.ID, Name: x.Name, Columns: x.Columns, Unique: x.Unique})
	}
	s, err := rowstore.NewSchema(def)
	if err != nil {
		return nil, err
	}
	if len(c.schemaFor) >= maxSchemas {
		clear(c.schemaFor)
	}
	c.schemaFor[key] = s
	return s, nil
}

func (t *Table) rowColumn(col *Column) (rowstore.Column, error) {
	out := rowstore.Column{ID: col.ID, Name: col.Name, Type: col.Type, NotNull: col.NotNull, Since: col.Since, Until: col.Until}
	missing, err := col.MissingDatum()
	out.Missing = missing
	return out, err
}

// MissingDatum is the value of the column in rows that are older than it.
func (col *Column) MissingDatum() (types.Datum, error) {
	if !col.HasMissing {
		return types.NullDatum, nil
	}
	return types.Parse(col.Missing, col.Type, time.UTC)
}
