package rowstore

import (
	"bytes"
	"context"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// keyGarbage decides about the versions of one key, newest first.
type keyGarbage struct {
	versions []keyVersion
	arena    []byte
}

type keyVersion struct {
	key       []byte
	ts        Timestamp
	tombstone bool
	keep      bool
}

func (g *keyGarbage) reset() { g.versions, g.arena = g.versions[:0], g.arena[:0] }

// add notes the version under the iterator.
func (g *keyGarbage) add(it *pebble.Iterator) error {
	value, err := it.ValueAndErr()
	if err != nil {
		return err
	}
	n := len(g.arena)
	g.arena = append(g.arena, it.Key()...)
	key := g.arena[n:len(g.arena):len(g.arena)]
	g.versions = append(g.versions, keyVersion{
		key: key, ts: keyTimestamp(key), tombstone: len(value) > 0 && value[0]&flagTombstone != 0,
	})
	return nil
}

// remove adds deletions of the garbage to batch and reports whether versions
// that ended below the floor had to stay because of snapshots.
//
// Every version is written once and removed once, which is what SINGLEDEL asks for.
func (g *keyGarbage) remove(s *Store, h *horizon, batch *pebble.Batch) (blocked bool) {
	if len(g.versions) == 0 {
		return false
	}
	table, _, ok := decodeOrderedUvarint(g.versions[0].key)
	if !ok || table == 0 {
		return false
	}
	loads := s.loads.of(table)
	var e Timestamp // when the version ended; 0 for the newest
	for i := range g.versions {
		v := &g.versions[i]
		begin := begins(loads, v.ts)
		switch {
		case begin == 0:
			// A load that is not committed does not end what is below it.
			v.keep = true
			continue
		case e == 0:
			v.keep = true
		case e > h.floor:
			v.keep = true
		case h.needed(begin, e):
			v.keep, blocked = true, true
		}
		e = begin
	}
	g.dropTombstones(loads, h)
	for i := range g.versions {
		if v := &g.versions[i]; !v.keep {
			_ = batch.SingleDelete(v.key, nil) // fails only for a batch that is closed
		}
	}
	return blocked
}

// dropTombstones gives up tombstones below which nothing stays: they say no
// more than absence does.
func (g *keyGarbage) dropTombstones(loads []*loadRecord, h *horizon) {
	for i := len(g.versions) - 1; i >= 0; i-- {
		v := &g.versions[i]
		if !v.keep {
			continue
		}
		if !v.tombstone || begins(loads, v.ts) == 0 || v.ts > h.floor {
			return
		}
		v.keep = false
	}
}

// begins returns when the version with the timestamp in its key became visible:
// for a load's that is its commit, 0 if there has been none. A snapshot between
// the two sees what the load lies over.
func begins(loads []*loadRecord, ts Timestamp) Timestamp {
	for _, l := range loads {
		if l.L == ts {
			return Timestamp(l.committed.Load())
		}
	}
	return ts
}

// sweepChunk is how many versions a sweep looks at with one iterator, so that
// it does not pin old files for long.
const sweepChunk = 20_000

// sweep looks at every key of the store.
func (s *Store) sweep(ctx context.Context, h *horizon) error {
	s.gc.sweeps.Add(1)
	from := append(appendHeader(nil, 1, 0), sentinel)
	for from != nil && ctx.Err() == nil {
		start := time.Now()
		next, n, err := s.sweepFrom(h, from)
		if err != nil {
			return err
		}
		from = next
		s.pace(ctx, n, start)
	}
	return nil
}

// sweepFrom collects the garbage of one chunk and returns where the next one
// starts, nil at the end.
func (s *Store) sweepFrom(h *horizon, from []byte) (next []byte, removed int, err error) {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: from})
	if err != nil {
		return nil, 0, s.ioError(err, "collecting garbage")
	}
	defer it.Close()
	batch := s.db.NewBatch()
	defer batch.Close()
	var g keyGarbage
	var blocked []garbage
	flush := func() {
		if g.remove(s, h, batch) {
			key := g.versions[0].key
			blocked = append(blocked, garbage{key: string(key[:splitKey(key)-1]), e: h.floor})
		}
		g.reset()
	}
	var prefix []byte
	looked := 0
	ok := it.First()
	for ; ok; ok = it.Next() {
		key := it.Key()
		if p := key[:splitKey(key)]; !bytes.Equal(p, prefix) {
			flush()
			if looked >= sweepChunk {
				break
			}
			prefix = append(prefix[:0], p...)
		}
		if err := g.add(it); err != nil {
			return nil, 0, s.ioError(err, "collecting garbage")
		}
		looked++
	}
	if ok {
		next = append([]byte(nil), it.Key()[:splitKey(it.Key())]...)
	} else {
		flush()
	}
	if err := it.Error(); err != nil {
		return nil, 0, s.ioError(err, "collecting garbage")
	}
	removed, err = s.finishCollect(batch, blocked)
	return next, removed, err
}
