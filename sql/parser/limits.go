package parser

import (
	"context"

	"htapdb/sql/sqlstate"
)

// Limits are what the caller of ParseContext allows. Those of the language are
// constants: MaxScriptBytes, the depth and height of a tree (54001), the words of
// a statement (54000), the columns of a select list (54011).
type Limits struct {
	// Reserve, if not nil, is asked for the memory of the tree before it grows,
	// in pieces of a few kilobytes; its error ends parsing and is returned as it
	// is. Nothing is given back: the tree belongs to the caller.
	//
	// What is asked for is between the tree's size and three times that, at most
	// MaxTreeFactor bytes for a byte of text.
	Reserve func(bytes int) error

	ctx context.Context
}

// MaxTreeFactor bounds the memory that parsing a text reserves, and with it the
// size of the tree: bytes per byte of text. One-letter words with operators
// between them come near.
const MaxTreeFactor = 128

// use accounts for tokens that take so many bytes as a tree, and looks whether the
// statement was canceled. It is called for each window of tokens.
func (l *Limits) use(bytes int) error {
	if l.ctx != nil && l.ctx.Err() != nil {
		return context.Cause(l.ctx)
	}
	if l.Reserve != nil {
		return l.Reserve(bytes)
	}
	return nil
}

// tokenBytes is the memory that a token may become: the nodes and the slices
// with room to grow that it stands for (TestTreeMemory compares).
func tokenBytes(t token) int {
	switch t.kind {
	case tokWord:
		switch t.text {
		case "select", "values", "table", "from":
			return 512 // nodes for a whole query
		}
		return 128
	case tokOp:
		return 96
	case tokPunct:
		return 32
	}
	// What decoding changed is a copy.
	return 64 + len(t.text)
}

// maxTargets is the number of columns that a query can have, as in PostgreSQL.
const maxTargets = 1664

// checkTargets fails when a select list, or a list of RETURNING, has one more.
func (p *parser) checkTargets(n int, t token) {
	if n > maxTargets {
		p.fail(sqlstate.New(sqlstate.TooManyColumns, "target lists can have at most %d entries", maxTargets), t)
	}
}
