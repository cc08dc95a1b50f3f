package htap

import (
	"htapdb/htap/catalog"
	"htapdb/htap/setting"
	"htapdb/sql/types"
)

// Relation describes a table or view, for tools that list them.
type Relation struct {
	Schema, Name string
	// View is a view; its columns are those of SELECT * FROM it, and not here.
	View    bool
	Columns []RelationColumn
	// PrimaryKey are the names of the key's columns in order, empty without one;
	// PrimaryKeyName is the constraint's name.
	PrimaryKey     []string
	PrimaryKeyName string
	Comment        string
}

// RelationColumn is a column of a table.
type RelationColumn struct {
	Name    string
	Type    types.Type
	NotNull bool
	// AutoIncrement is a serial or identity column.
	AutoIncrement bool
}

// Relations lists the committed tables and views by schema and name.
func (db *DB) Relations() ([]Relation, error) {
	cat, err := db.committedCatalog()
	if err != nil {
		return nil, err
	}
	var out []Relation
	for _, t := range cat.Tables() {
		r := Relation{Schema: t.Schema, Name: t.Name, PrimaryKeyName: t.PrimaryName, Comment: t.Comment}
		for _, c := range t.Columns {
			r.Columns = append(r.Columns, RelationColumn{Name: c.Name, Type: c.Type, NotNull: c.NotNull, AutoIncrement: c.Sequence != 0})
		}
		for _, i := range t.Primary {
			r.PrimaryKey = append(r.PrimaryKey, t.Columns[i].Name)
		}
		out = append(out, r)
	}
	for _, v := range cat.Views() {
		out = append(out, Relation{Schema: v.Schema, Name: v.Name, View: true})
	}
	return out, nil
}

// Schemas lists the names of the committed schemas.
func (db *DB) Schemas() ([]string, error) {
	cat, err := db.committedCatalog()
	if err != nil {
		return nil, err
	}
	return cat.Schemas(), nil
}

// committedCatalog is the catalog as of now.
func (db *DB) committedCatalog() (*catalog.Snapshot, error) {
	if err := db.begin(); err != nil {
		return nil, err
	}
	defer db.working.Done()
	snap := db.engine.Rows.Snapshot()
	defer snap.Close()
	return db.engine.Catalog.At(snap)
}

// IsSetting reports whether SET knows the name.
func IsSetting(name string) bool {
	_, err := setting.Lookup(name)
	return err == nil
}
