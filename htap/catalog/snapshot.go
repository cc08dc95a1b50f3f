package catalog

import (
	"cmp"
	"slices"
	"strings"

	"htapdb/rowstore"
	"htapdb/sql/sqlstate"
)

// Snapshot is the catalog as of one version. It is immutable. An object that a
// change did not touch is the same pointer in the versions before and after it,
// so that whoever depends on some objects need not look at the others.
type Snapshot struct {
	store *Store
	// ts is the version's timestamp, 0 for a transaction's own.
	ts rowstore.Timestamp

	tables    tree[name, *Table]
	byStorage tree[ID, *Table]
	byID      tree[ID, *Table]
	indexes   tree[name, ID] // index name → table ID
	// primaries are the indexes of primary keys, by name: the names of those that
	// were made before they were reserved are not among the indexes.
	primaries tree[name, ID]
	views     tree[name, *View]
	viewByID  tree[ID, *View]
	sequences tree[name, *Sequence]
	seqByID   tree[ID, *Sequence]
	models    tree[name, *Model]
	schemas   tree[name, bool] // by name{"", schema}
	// path are the schemas that names without one are found in.
	path []string
}

// name is a schema-qualified name.
type name struct{ schema, name string }

// compareNames orders by schema, then by name.
func compareNames(a, b name) int {
	if c := strings.Compare(a.schema, b.schema); c != 0 {
		return c
	}
	return strings.Compare(a.name, b.name)
}

func newSnapshot(c *Store, ts rowstore.Timestamp) *Snapshot {
	s := &Snapshot{store: c, ts: ts,
		tables: newTree[name, *Table](compareNames), byStorage: newTree[ID, *Table](cmp.Compare[ID]), byID: newTree[ID, *Table](cmp.Compare[ID]),
		indexes: newTree[name, ID](compareNames), primaries: newTree[name, ID](compareNames),
		views: newTree[name, *View](compareNames), viewByID: newTree[ID, *View](cmp.Compare[ID]),
		sequences: newTree[name, *Sequence](compareNames), seqByID: newTree[ID, *Sequence](cmp.Compare[ID]),
		models: newTree[name, *Model](compareNames), schemas: newTree[name, bool](compareNames), path: []string{DefaultSchema}}
	s.schemas.set(name{"", DefaultSchema}, true)
	return s
}

// clone returns a Snapshot for ts that starts with the content of s and can be
// changed. Of one Snapshot only one clone may be made at a time.
func (s *Snapshot) clone(ts rowstore.Timestamp) *Snapshot {
	return &Snapshot{store: s.store, ts: ts,
		tables: s.tables.clone(), byStorage: s.byStorage.clone(), byID: s.byID.clone(), indexes: s.indexes.clone(), primaries: s.primaries.clone(),
		views: s.views.clone(), viewByID: s.viewByID.clone(), sequences: s.sequences.clone(), seqByID: s.seqByID.clone(),
		models: s.models.clone(), schemas: s.schemas.clone(), path: s.path}
}

// add puts one object in: n and k are its row's, definition its stored form.
func (s *Snapshot) add(n name, k kind, definition string) error {
	object, err := s.store.decoded(k, n.name, definition)
	if err != nil {
		return err
	}
	switch o := object.(type) {
	case *Table:
		s.tables.set(n, o)
		s.byStorage.set(o.StorageID, o)
		s.byID.set(o.ID, o)
		if !o.HiddenKey() {
			s.primaries.set(name{o.Schema, o.PrimaryName}, o.ID)
		}
	case *indexEntry:
		s.indexes.set(n, o.Table)
	case *View:
		s.views.set(n, o)
		s.viewByID.set(o.ID, o)
	case *Sequence:
		s.sequences.set(n, o)
		s.seqByID.set(o.ID, o)
	case *Model:
		s.models.set(n, o)
	case schemaEntry:
		s.schemas.set(n, true)
	}
	return nil
}

// remove takes out what the row of that key described, if there is anything.
func (s *Snapshot) remove(sp space, n name) {
	switch sp {
	case models:
		s.models.remove(n)
		return
	case schemas:
		s.schemas.remove(n)
		return
	}
	if t := s.tables.get(n); t != nil {
		s.tables.remove(n)
		s.byStorage.remove(t.StorageID)
		s.byID.remove(t.ID)
		if p := (name{t.Schema, t.PrimaryName}); s.primaries.get(p) == t.ID {
			s.primaries.remove(p)
		}
	}
	if v := s.views.get(n); v != nil {
		s.views.remove(n)
		s.viewByID.remove(v.ID)
	}
	if q := s.sequences.get(n); q != nil {
		s.sequences.remove(n)
		s.seqByID.remove(q.ID)
	}
	s.indexes.remove(n)
}

// indexEntry reserves an index's name among the relations.
type indexEntry struct {
	Schema, Name string
	Table        ID
}

// schemaEntry is the definition of a schema: it has a name and nothing else.
type schemaEntry struct{}

// Along returns the catalog with another search path; schemas that do not exist
// are left out of it.
func (s *Snapshot) Along(path []string) *Snapshot {
	out := *s
	out.path = make([]string, 0, len(path))
	for _, schema := range path {
		if s.HasSchema(schema) && !slices.Contains(out.path, schema) {
			out.path = append(out.path, schema)
		}
	}
	return &out
}

// Path returns the schemas of the search path that exist, in order: names
// without a schema are looked up in them, and CREATE uses the first.
func (s *Snapshot) Path() []string { return s.path }

// relation completes the name of a relation: without a schema it is that of the
// first one of the search path that has a relation of the name, of any kind.
func (s *Snapshot) relation(schema, relation string) name {
	if schema != "" {
		return name{schema, relation}
	}
	for _, schema := range s.path {
		if n := (name{schema, relation}); s.has(n) {
			return n
		}
	}
	return name{"", relation}
}

// Visible reports whether a relation is found by its name without the schema.
func (s *Snapshot) Visible(schema, relation string) bool {
	for _, first := range s.path {
		if first == schema {
			return true
		}
		if s.has(name{first, relation}) {
			return false
		}
	}
	return false
}

// Version identifies the catalog's content for caches; 0 for a transaction's own.
func (s *Snapshot) Version() rowstore.Timestamp { return s.ts }

// Table returns the table with the name, or nil; schema "" is the search path.
func (s *Snapshot) Table(schema, table string) *Table {
	return s.tables.get(s.relation(schema, table))
}

// TableByID returns the table with the object id, or nil.
func (s *Snapshot) TableByID(id ID) *Table { return s.byID.get(id) }

// TableByStorage returns the table whose rows have the storage id, or nil.
func (s *Snapshot) TableByStorage(id ID) *Table { return s.byStorage.get(id) }

// View returns the view with the name, or nil.
func (s *Snapshot) View(schema, view string) *View { return s.views.get(s.relation(schema, view)) }

// ViewByID returns the view with the object id, or nil.
func (s *Snapshot) ViewByID(id ID) *View { return s.viewByID.get(id) }

// Sequence returns the sequence with the name, or nil.
func (s *Snapshot) Sequence(schema, sequence string) *Sequence {
	return s.sequences.get(s.relation(schema, sequence))
}

// SequenceByID returns the sequence with the id, or nil.
func (s *Snapshot) SequenceByID(id ID) *Sequence { return s.seqByID.get(id) }

// Model returns the model with the name, or nil.
func (s *Snapshot) Model(schema, model string) *Model {
	if schema != "" {
		return s.models.get(name{schema, model})
	}
	for _, schema := range s.path {
		if m := s.models.get(name{schema, model}); m != nil {
			return m
		}
	}
	return nil
}

// IndexTable returns the table that has the named index, which may be that of its
// primary key, or nil.
func (s *Snapshot) IndexTable(schema, index string) *Table {
	n := s.relation(schema, index)
	if t := s.byID.get(s.indexes.get(n)); t != nil {
		return t
	}
	return s.byID.get(s.primaries.get(n))
}

// HasSchema reports whether the schema exists.
func (s *Snapshot) HasSchema(schema string) bool { return s.schemas.get(name{"", schema}) }

// IsSystemSchema reports the schemas whose relations are computed from the catalog.
func IsSystemSchema(schema string) bool {
	switch schema {
	case "pg_catalog", "information_schema", "ml", "htap":
		return true
	}
	return false
}

// NoRelation is the error for the name of a relation that does not exist: 42P01, or
// 3F000 if its schema does not.
func (s *Snapshot) NoRelation(schema, relation string) *sqlstate.Error {
	if s.MissingSchema(schema) {
		return sqlstate.New(sqlstate.InvalidSchemaName, "schema %q does not exist", schema)
	}
	return sqlstate.New(sqlstate.UndefinedTable, "relation %q does not exist", QualifiedName(schema, relation))
}

// MissingSchema reports whether a name has a schema that does not exist.
func (s *Snapshot) MissingSchema(schema string) bool {
	return schema != "" && !s.HasSchema(schema) && !IsSystemSchema(schema)
}

// Exists reports whether the relation name is taken.
func (s *Snapshot) Exists(schema, relation string) bool {
	return s.has(s.relation(schema, relation))
}

func (s *Snapshot) has(n name) bool {
	return s.tables.has(n) || s.views.has(n) || s.sequences.has(n) || s.indexes.has(n) || s.primaries.has(n)
}

// Tables returns all tables ordered by schema and name.
func (s *Snapshot) Tables() []*Table { return s.tables.values() }

// Views returns all views ordered by schema and name.
func (s *Snapshot) Views() []*View { return s.views.values() }

// Models returns all models ordered by schema and name.
func (s *Snapshot) Models() []*Model { return s.models.values() }

// Sequences returns all sequences ordered by schema and name.
func (s *Snapshot) Sequences() []*Sequence { return s.sequences.values() }

// Owned returns the sequences that go with a column of a table.
func (s *Snapshot) Owned(t *Table, c *Column) (out []*Sequence) {
	for _, q := range s.sequences.all() {
		if q.OwnedBy(t, c) {
			out = append(out, q)
		}
	}
	return out
}

// Schemas returns the names of all schemas in order.
func (s *Snapshot) Schemas() []string {
	out := make([]string, 0, s.schemas.m.Len())
	for n := range s.schemas.all() {
		out = append(out, n.name)
	}
	return out
}
