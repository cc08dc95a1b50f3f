package catalog

import (
	"sort"

	"htapdb/rowstore"
)

// Snapshot is the catalog as of one version. It is immutable.
type Snapshot struct {
	store *Store
	// ts is the version's timestamp, 0 for a transaction's own.
	ts rowstore.Timestamp

	tables    map[name]*Table
	byStorage map[ID]*Table
	byID      map[ID]*Table
	indexes   map[name]ID // index name → table ID
	views     map[name]*View
	viewByID  map[ID]*View
	sequences map[name]*Sequence
	seqByID   map[ID]*Sequence
	models    map[name]*Model
	schemas   map[string]bool
}

// name is a schema-qualified name.
type name struct{ schema, name string }

func newSnapshot(c *Store, ts rowstore.Timestamp) *Snapshot {
	return &Snapshot{store: c, ts: ts,
		tables: map[name]*Table{}, byStorage: map[ID]*Table{}, byID: map[ID]*Table{}, indexes: map[name]ID{},
		views: map[name]*View{}, viewByID: map[ID]*View{}, sequences: map[name]*Sequence{}, seqByID: map[ID]*Sequence{},
		models: map[name]*Model{}, schemas: map[string]bool{DefaultSchema: true}}
}

// add decodes one object.
func (s *Snapshot) add(k kind, label, definition string) error {
	switch k {
	case kindTable:
		t, err := decode[Table](definition, label)
		if err != nil {
			return err
		}
		t.form = definition
		s.tables[name{t.Schema, t.Name}] = t
		s.byStorage[t.StorageID] = t
		s.byID[t.ID] = t
	case kindIndex:
		x, err := decode[indexEntry](definition, label)
		if err != nil {
			return err
		}
		s.indexes[name{x.Schema, x.Name}] = x.Table
	case kindView:
		v, err := decode[View](definition, label)
		if err != nil {
			return err
		}
		s.views[name{v.Schema, v.Name}] = v
		s.viewByID[v.ID] = v
	case kindSequence:
		q, err := decode[Sequence](definition, label)
		if err != nil {
			return err
		}
		s.sequences[name{q.Schema, q.Name}] = q
		s.seqByID[q.ID] = q
	case kindModel:
		m, err := decode[Model](definition, label)
		if err != nil {
			return err
		}
		s.models[name{m.Schema, m.Name}] = m
	case kindSchema:
		s.schemas[label] = true
	}
	return nil
}

// indexEntry reserves an index's name among the relations.
type indexEntry struct {
	Schema, Name string
	Table        ID
}

// resolve returns the schema to look in: the default one for "".
func resolve(schema string) string {
	if schema == "" {
		return DefaultSchema
	}
	return schema
}

// Version identifies the catalog's content for caches; 0 for a transaction's own.
func (s *Snapshot) Version() rowstore.Timestamp { return s.ts }

// Table returns the table with the name, or nil; schema "" is the search path.
func (s *Snapshot) Table(schema, table string) *Table { return s.tables[name{resolve(schema), table}] }

// TableByID returns the table with the object id, or nil.
func (s *Snapshot) TableByID(id ID) *Table { return s.byID[id] }

// TableByStorage returns the table whose rows have the storage id, or nil.
func (s *Snapshot) TableByStorage(id ID) *Table { return s.byStorage[id] }

// View returns the view with the name, or nil.
func (s *Snapshot) View(schema, view string) *View { return s.views[name{resolve(schema), view}] }

// ViewByID returns the view with the object id, or nil.
func (s *Snapshot) ViewByID(id ID) *View { return s.viewByID[id] }

// Sequence returns the sequence with the name, or nil.
func (s *Snapshot) Sequence(schema, sequence string) *Sequence {
	return s.sequences[name{resolve(schema), sequence}]
}

// SequenceByID returns the sequence with the id, or nil.
func (s *Snapshot) SequenceByID(id ID) *Sequence { return s.seqByID[id] }

// Model returns the model with the name, or nil.
func (s *Snapshot) Model(schema, model string) *Model { return s.models[name{resolve(schema), model}] }

// IndexTable returns the table that has the named index, or nil.
func (s *Snapshot) IndexTable(schema, index string) *Table {
	return s.byID[s.indexes[name{resolve(schema), index}]]
}

// HasSchema reports whether the schema exists.
func (s *Snapshot) HasSchema(schema string) bool { return s.schemas[resolve(schema)] }

// Exists reports whether the relation name is taken.
func (s *Snapshot) Exists(schema, relation string) bool {
	n := name{resolve(schema), relation}
	_, index := s.indexes[n]
	return s.tables[n] != nil || s.views[n] != nil || s.sequences[n] != nil || index
}

// Tables returns all tables ordered by schema and name.
func (s *Snapshot) Tables() []*Table { return ordered(s.tables) }

// Views returns all views ordered by schema and name.
func (s *Snapshot) Views() []*View { return ordered(s.views) }

// Models returns all models ordered by schema and name.
func (s *Snapshot) Models() []*Model { return ordered(s.models) }

// Sequences returns all sequences ordered by schema and name.
func (s *Snapshot) Sequences() []*Sequence { return ordered(s.sequences) }

// Schemas returns the names of all schemas in order.
func (s *Snapshot) Schemas() []string {
	out := make([]string, 0, len(s.schemas))
	for n := range s.schemas {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

// ordered returns the map's values by schema and name.
func ordered[T any](m map[name]T) []T {
	keys := make([]name, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		return keys[i].schema < keys[j].schema || keys[i].schema == keys[j].schema && keys[i].name < keys[j].name
	})
	out := make([]T, len(keys))
	for i, k := range keys {
		out[i] = m[k]
	}
	return out
}
