package segment

// Prune is what is known of a predicate without looking at rows.
type Prune uint8

// What a zone map can say.
const (
	PruneSome Prune = iota // rows have to be tested
	PruneNone              // no row passes
	PruneAll               // every row passes
)

var pruneNames = [...]string{PruneSome: "some", PruneNone: "none", PruneAll: "all"}

// String returns "some", "none" or "all": the rows that may pass.
func (p Prune) String() string { return pruneNames[p] }
