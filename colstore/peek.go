package colstore

import "htapdb/internal/vfs"

// Peeked is what the manifest on disk says, without the store being opened.
type Peeked struct {
	// StoreID is the row store that the columns belong to, and Position the
	// timestamp as of which they are; it was durable there.
	StoreID  [16]byte
	Position uint64

	m *manifest
}

// Ahead is a table whose columns have rows from after a timestamp.
type Ahead struct {
	Table string
	// Least and Most bound the number of those rows.
	Least, Most int
}

// Peek reads the manifest in dir; nil if there is none that can be read.
func Peek(fs vfs.FS, dir string) *Peeked {
	mapping, err := vfs.Map(fs, fs.PathJoin(dir, manifestName))
	if err != nil {
		return nil
	}
	m, _ := decodeManifest(mapping.Data)
	// Nothing decoded aliases the mapping.
	_ = mapping.Close()
	if m == nil {
		return nil
	}
	return &Peeked{StoreID: m.storeID, Position: m.position, m: m}
}

// Ahead returns the tables with rows from after ts, as far as the manifest tells.
func (p *Peeked) Ahead(ts uint64) (out []Ahead) {
	for i := range p.m.tables {
		t := &p.m.tables[i]
		a := Ahead{Table: t.schema.Name}
		for _, s := range t.segments {
			if min(s.maxBegin, p.Position) > ts {
				a.Most += s.rows
				if s.minBegin > ts {
					a.Least += s.rows
				}
			}
		}
		if a.Most > 0 {
			out = append(out, a)
		}
	}
	return out
}
