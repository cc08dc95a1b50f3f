package catalog

import (
	"sync"

	"htapdb/sql/sqlstate"
)

// objectCache keeps decoded objects by their stored form, so that a descriptor
// is decoded once, however many versions and transactions see it, and is the
// same pointer in all of them.
type objectCache struct {
	cacheMu sync.Mutex
	objects map[objectForm]any
	bytes   int // of the definitions
}

// objectForm is a row of the objects table as far as decoding needs it: the
// definition names the object.
type objectForm struct {
	kind       kind
	definition string
}

// maxCachedBytes and maxCachedForm bound the cache: what it saves is the work of
// transactions and versions that follow each other, some 10,000 tables' worth. A
// model of before states were rows has its weights in its definition and is left out.
const (
	maxCachedBytes = 16 << 20
	maxCachedForm  = 64 << 10
)

func newObjectCache() objectCache { return objectCache{objects: map[objectForm]any{}} }

// decoded returns the object of a stored form; label names it in errors.
func (c *objectCache) decoded(k kind, label, definition string) (any, error) {
	form := objectForm{k, definition}
	c.cacheMu.Lock()
	object := c.objects[form]
	c.cacheMu.Unlock()
	if object != nil {
		return object, nil
	}
	object, err := decodeObject(k, label, definition)
	if err != nil || len(definition) > maxCachedForm {
		return object, err
	}
	c.cacheMu.Lock()
	defer c.cacheMu.Unlock()
	if first := c.objects[form]; first != nil {
		return first, nil
	}
	if c.bytes += len(definition); c.bytes > maxCachedBytes {
		clear(c.objects)
		c.bytes = len(definition)
	}
	c.objects[form] = object
	return object, nil
}

// decodeObject reads a stored form.
func decodeObject(k kind, label, definition string) (any, error) {
	switch k {
	case kindTable:
		t, err := decode[Table](definition, label)
		if err != nil {
			return nil, err
		}
		t.form = definition
		return t, nil
	case kindIndex:
		return decode[indexEntry](definition, label)
	case kindView:
		return decode[View](definition, label)
	case kindSequence:
		return decode[Sequence](definition, label)
	case kindModel, kindWholeModel:
		return decode[Model](definition, label)
	case kindSchema:
		return schemaEntry{}, nil
	}
	return nil, errKind(k, label)
}

// errKind is for an object of a kind that this version does not know: a newer
// one has written it, and leaving it out would hide it.
func errKind(k kind, label string) error {
	return sqlstate.New(sqlstate.DataCorrupted, "catalog entry of %q is of the unknown kind %q", label, string(k)).
		WithHint("A newer version of the program has written it: use that one.")
}
