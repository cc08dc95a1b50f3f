package catalog

import (
	"slices"

	"htapdb/rowstore"
)

// Dependencies are the questions that the catalog was asked while something was
// made of it, such as a plan, with their answers: what was made holds for every
// version of the catalog that gives the same ones. That a name means nothing is
// an answer too, for an object may come that has it; so is which of the search
// path's schemas has the name.
//
// Objects are compared as pointers: versions share what did not change, and an
// object that is remembered here is not collected, so that no other one takes its
// address.
//
// A nil *Dependencies asks without remembering. Questions are one goroutine's;
// after the last one, Hold is safe for concurrent use.
type Dependencies struct {
	asked []question
	// whole says that everything in the catalog has an influence: only the version
	// made holds.
	whole bool
	made  rowstore.Timestamp
	// unseen says that something outside of the catalog has one, which nobody
	// tells us of: nothing holds.
	unseen bool
}

// question is a look-up with its answer: an object or nil, or a bool.
type question struct {
	look         look
	schema, name string
	id           ID
	answer       any
}

// look is a kind of look-up.
type look uint8

const (
	lookTable look = iota
	lookTableByID
	lookView
	lookViewByID
	lookModel
	lookExists
)

// in asks a Snapshot.
func (q *question) in(s *Snapshot) any {
	switch q.look {
	case lookTable:
		return s.Table(q.schema, q.name)
	case lookTableByID:
		return s.TableByID(q.id)
	case lookView:
		return s.View(q.schema, q.name)
	case lookViewByID:
		return s.ViewByID(q.id)
	case lookModel:
		return s.Model(q.schema, q.name)
	}
	return s.Exists(q.schema, q.name)
}

// ask returns the answer to a question and remembers it.
func ask[T any](d *Dependencies, s *Snapshot, q question) T {
	q.answer = q.in(s)
	if d != nil && !slices.Contains(d.asked, q) {
		d.asked = append(d.asked, q)
	}
	return q.answer.(T)
}

// Table is Snapshot.Table.
func (d *Dependencies) Table(s *Snapshot, schema, table string) *Table {
	return ask[*Table](d, s, question{look: lookTable, schema: schema, name: table})
}

// TableByID is Snapshot.TableByID.
func (d *Dependencies) TableByID(s *Snapshot, id ID) *Table {
	return ask[*Table](d, s, question{look: lookTableByID, id: id})
}

// View is Snapshot.View.
func (d *Dependencies) View(s *Snapshot, schema, view string) *View {
	return ask[*View](d, s, question{look: lookView, schema: schema, name: view})
}

// ViewByID is Snapshot.ViewByID.
func (d *Dependencies) ViewByID(s *Snapshot, id ID) *View {
	return ask[*View](d, s, question{look: lookViewByID, id: id})
}

// Model is Snapshot.Model.
func (d *Dependencies) Model(s *Snapshot, schema, model string) *Model {
	return ask[*Model](d, s, question{look: lookModel, schema: schema, name: model})
}

// Exists is Snapshot.Exists.
func (d *Dependencies) Exists(s *Snapshot, schema, relation string) bool {
	return ask[bool](d, s, question{look: lookExists, schema: schema, name: relation})
}

// Whole notes that everything in the Snapshot has an influence.
func (d *Dependencies) Whole(s *Snapshot) {
	if d != nil {
		d.whole, d.made = true, s.Version()
	}
}

// Unseen notes that something has an influence that is not in the catalog and may
// change at any time.
func (d *Dependencies) Unseen() {
	if d != nil {
		d.unseen = true
	}
}

// Hold reports whether the Snapshot gives the answers that were given before. A
// transaction's own catalog may.
func (d *Dependencies) Hold(s *Snapshot) bool {
	if d.unseen || d.whole && (d.made == 0 || d.made != s.Version()) {
		return false
	}
	for i := range d.asked {
		if q := &d.asked[i]; q.in(s) != q.answer {
			return false
		}
	}
	return true
}

// StateBytes is the size of the states of the models among the answers.
func (d *Dependencies) StateBytes() (bytes int64) {
	for i := range d.asked {
		if m, ok := d.asked[i].answer.(*Model); ok && m != nil {
			bytes += m.SizeOfState()
		}
	}
	return bytes
}

// Len is the number of questions.
func (d *Dependencies) Len() int { return len(d.asked) }
