package rowstore

import (
	"bytes"
	"strings"

	"github.com/cockroachdb/pebble/v2"
)

// cursor iterates over the live entries of one index within bounds: the
// committed ones that a view sees, overlaid by own writes.
type cursor struct {
	view      view
	loads     []*loadRecord
	headerLen int
	reverse   bool
	it        *pooledIter
	started   bool
	err       error

	// The committed side: the next live entry. In reverse the iterator has moved
	// on, so key and value are copies.
	cValid   bool
	cKey     []byte // with suffix when forward, prefix alone in reverse
	cValue   []byte
	cTS      Timestamp
	keyBuf   []byte
	valueBuf []byte

	// The own side: entries within the bounds in scan order.
	own   []*ownEntry
	limit int // statements below are visible

	// The current entry.
	body    []byte
	value   []byte
	ts      Timestamp
	isOwn   bool
	bodyBuf []byte
}

// newCursor opens a cursor over header and span. own are the entries of the
// span in key order.
func newCursor(v view, table uint32, header []byte, span Span, reverse bool, own []*ownEntry, limit int) *cursor {
	c := &cursor{view: v, headerLen: len(header), reverse: reverse, own: own, limit: limit}
	if span.Empty() {
		c.started = true
		return c
	}
	lower := append(append(append([]byte(nil), header...), span.Start...), sentinel)
	var upper []byte
	if span.End == nil {
		upper = headerEnd(nil, header)
	} else {
		upper = append(append(append([]byte(nil), header...), span.End...), sentinel)
	}
	bounds := pebble.IterOptions{LowerBound: lower, UpperBound: upper}
	if v.load != 0 {
		bounds.PointKeyFilters = timeFilter(v.load, v.load)
	}
	c.it, c.err = v.store.newIter(&bounds)
	if c.it != nil {
		c.loads = c.it.loadsOf(table)
	}
	return c
}

// next moves to the next live entry.
func (c *cursor) next() bool {
	if c.err != nil {
		return false
	}
	if !c.started {
		c.started = true
		c.firstCommitted()
	} else if c.cValid && !c.isOwn {
		c.nextCommitted()
	}
	for c.err == nil {
		if len(c.own) == 0 {
			return c.takeCommitted()
		}
		o := c.own[0]
		w := o.visible(c.limit)
		if w == nil { // only locked, or written by this statement
			c.own = c.own[1:]
			continue
		}
		order := -1
		if c.cValid {
			order = strings.Compare(o.key, string(c.committedPrefix()))
			if c.reverse {
				order = -order
			}
		}
		if order > 0 {
			return c.takeCommitted()
		}
		if order == 0 {
			c.nextCommitted() // hidden by the own entry
		}
		c.own = c.own[1:]
		if !w.tombstone {
			c.body, c.value = append(c.bodyBuf[:0], o.key[c.headerLen:]...), w.value
			c.bodyBuf = c.body
			c.isOwn, c.ts = true, 0
			return true
		}
	}
	return false
}

// committedPrefix returns header and body of the committed side's entry.
func (c *cursor) committedPrefix() []byte {
	return c.cKey[:splitKey(c.cKey)-1]
}

func (c *cursor) takeCommitted() bool {
	if !c.cValid || c.err != nil {
		return false
	}
	c.body, c.value, c.ts = c.committedPrefix()[c.headerLen:], c.cValue, c.cTS
	c.isOwn = false
	return true
}

func (c *cursor) firstCommitted() {
	if c.it == nil {
		return
	}
	if c.reverse {
		c.scanBackward(c.it.Last())
	} else {
		c.scanForward(c.it.First())
	}
}

func (c *cursor) nextCommitted() {
	if c.reverse {
		c.scanBackward(c.it.Valid())
	} else {
		c.scanForward(c.it.NextPrefix())
	}
}

// maxSkips is how many invisible versions are stepped over before a seek.
const maxSkips = 4

// scanForward looks for the first key with a live visible version.
func (c *cursor) scanForward(valid bool) {
	skips := 0
	for valid {
		key := c.it.Key()
		raw := keyTimestamp(key)
		if c.view.load != 0 && raw != c.view.load {
			valid = c.it.Next()
			continue
		}
		if raw > c.view.upTo {
			if skips++; skips > maxSkips {
				c.keyBuf = appendSuffix(append(c.keyBuf[:0], key[:splitKey(key)-1]...), c.view.upTo)
				skips = 0
				valid = c.it.SeekGE(c.keyBuf)
			} else {
				valid = c.it.Next()
			}
			continue
		}
		ts := raw
		if c.loads != nil || raw > c.view.ts {
			var visible bool
			if ts, visible = c.view.visible(c.loads, raw); !visible {
				valid = c.it.Next()
				continue
			}
		}
		value, err := c.it.ValueAndErr()
		if err != nil {
			break
		}
		if len(value) > 0 && value[0]&flagTombstone != 0 {
			valid = c.it.NextPrefix()
			continue
		}
		c.cValid, c.cKey, c.cValue, c.cTS = true, key, value, ts
		return
	}
	c.endCommitted()
}

// scanBackward looks for the last key, at or before the iterator, with a live
// visible version. Versions of a key come oldest first, so the last visible one
// before an invisible one or the end of the key counts.
func (c *cursor) scanBackward(valid bool) {
	for valid {
		key := c.it.Key()
		c.keyBuf = append(c.keyBuf[:0], key[:splitKey(key)]...)
		live := false
		for valid {
			key = c.it.Key()
			if !bytes.Equal(key[:splitKey(key)], c.keyBuf) {
				break
			}
			raw := keyTimestamp(key)
			if raw > c.view.upTo {
				valid = c.it.SeekLT(c.keyBuf)
				break
			}
			if ts, visible := c.view.visible(c.loads, raw); visible {
				value, err := c.it.ValueAndErr()
				if err != nil {
					c.endCommitted()
					return
				}
				live = len(value) > 0 && value[0]&flagTombstone == 0
				c.valueBuf = append(c.valueBuf[:0], value...)
				c.cTS = ts
			}
			valid = c.it.Prev()
		}
		if live {
			c.cValid, c.cKey, c.cValue = true, c.keyBuf, c.valueBuf
			return
		}
	}
	c.endCommitted()
}

func (c *cursor) endCommitted() {
	c.cValid = false
	if err := c.it.Error(); err != nil {
		c.err = c.view.store.ioError(err, "scanning")
	}
}

func (c *cursor) close() {
	if c.it != nil {
		if err := c.it.Close(); err != nil && c.err == nil {
			c.err = c.view.store.ioError(err, "scanning")
		}
		c.it = nil
	}
}
