package rowstore

import (
	"cmp"
	"context"
	"slices"
)

// commitPlan is everything a commit needs, prepared before the commit mutex:
// under it only numbers are filled in.
type commitPlan struct {
	batch batchBuilder
	// tsAt are the places of timestamps in the batch.
	tsAt []int
	// rowAt are the places of the changes' rowIDs, −1 for a delete.
	rowAt []int
	event *Event
	// sequences has each table's share of event.Changes, in order.
	sequences []planSequence
	loads     []planLoad
	moved     []string // rows that got another key, for moves
	garbage   []string // keys with a version that this commit ends
	// few is the room for the above in a commit of one row, in one piece.
	few struct {
		tsAt      [2]int
		garbage   [2]string
		changes   [1]planned
		rowAt     [1]int
		sequences [1]planSequence
	}
}

// planSequence is a run of changes of one table: dead deletes, then puts that
// take rowIDs.
type planSequence struct {
	seq  *sequence
	dead int
	puts int
}

// planned is a change with the place of its value in the batch.
type planned struct {
	Change
	at int
}

// Commit makes the writes durable (with Sync) and visible and returns their
// timestamp; for a transaction without writes the read timestamp. ctx bounds
// the waits before the commit is decided; from then on it is carried through.
// After an error nothing was written, unless the store has failed (58030):
// then the outcome is known when it is opened again.
func (t *Txn) Commit(ctx context.Context) (Timestamp, error) {
	if t.done {
		return 0, errEnded()
	}
	plan, err := t.plan()
	if err == nil && plan == nil {
		// What was read under lock may not be durable yet, and the client has seen it.
		err = t.WaitRead(ctx)
		ts := t.readTS
		t.end()
		return ts, err
	}
	if err == nil {
		err = t.reserve(ctx, plan)
	}
	if err != nil {
		t.Rollback()
		return 0, err
	}
	return t.commit(plan)
}

// plan encodes the net write set; nil if there is nothing to write.
func (t *Txn) plan() (*commitPlan, error) {
	if err := t.store.usable(); err != nil {
		return nil, err
	}
	if len(t.writes.order) == 0 && len(t.loads) == 0 {
		return nil, nil
	}
	if t.writes.charged > 0 {
		// The batch is about as large as what it is made of.
		if err := t.writes.charge(t.writes.bytes); err != nil {
			return nil, err
		}
	}
	p := &commitPlan{batch: newBatchBuilder(int(t.writes.bytes)/2 + 64), event: &Event{}}
	p.tsAt, p.garbage, p.rowAt, p.sequences = p.few.tsAt[:0], p.few.garbage[:0], p.few.rowAt[:0], p.few.sequences[:0]
	changes := p.few.changes[:0]
	if t.writes.rows > len(p.few.changes) {
		changes = make([]planned, 0, t.writes.rows)
	}
	for _, e := range t.writes.order {
		v := e.last()
		if v == nil || v.tombstone && !e.hadCommitted() {
			continue
		}
		tsAt, valueAt := p.batch.set(e.key, v.value)
		p.tsAt = append(p.tsAt, tsAt)
		if e.hadCommitted() || e.base.exists || v.tombstone {
			p.garbage = append(p.garbage, e.key)
		}
		if e.index != nil {
			continue
		}
		if e.moved() {
			p.moved = append(p.moved, e.key)
		}
		row, err := v.row(v.schema)
		if err != nil {
			return nil, err
		}
		c := planned{at: valueAt, Change: Change{
			TableID: e.table, Key: Key(e.body()), PrevRowID: e.base.ended, Old: e.base.row, New: row,
		}}
		if v.tombstone {
			c.at = -1
		}
		changes = append(changes, c)
		p.event.Bytes += int64(len(e.key) + row.SizeBytes() + e.base.row.SizeBytes() + changeOverhead)
	}
	t.planLoads(p)
	if p.batch.count == 0 {
		return nil, nil
	}
	if err := t.store.checkSpace(); err != nil {
		return nil, err
	}
	p.order(changes)
	return p, nil
}

// changeOverhead is the memory of a Change beyond its bytes.
const changeOverhead = 256

// order sorts the changes by table, deletes by PrevRowID first, puts in the
// order they were made, which becomes that of their rowIDs.
func (p *commitPlan) order(changes []planned) {
	if len(changes) > 1 {
		sortChanges(changes)
	}
	p.event.Changes = make([]Change, len(changes))
	for i := range changes {
		p.event.Changes[i], p.rowAt = changes[i].Change, append(p.rowAt, changes[i].at)
	}
}

func sortChanges(changes []planned) {
	slices.SortStableFunc(changes, func(a, b planned) int {
		if c := cmp.Compare(a.TableID, b.TableID); c != 0 {
			return c
		}
		switch aDead, bDead := a.at < 0, b.at < 0; {
		case aDead && bDead:
			return cmp.Compare(a.PrevRowID, b.PrevRowID)
		case aDead:
			return -1
		case bDead:
			return 1
		}
		return 0
	})
}

// reserve acquires everything that may wait: rowIDs, room below the timestamp
// ceiling, and room in the feed.
func (t *Txn) reserve(ctx context.Context, p *commitPlan) error {
	s := t.store
	for i := 0; i < len(p.rowAt); {
		table := p.event.Changes[i].TableID
		run := planSequence{}
		for ; i < len(p.rowAt) && p.event.Changes[i].TableID == table; i++ {
			if p.rowAt[i] < 0 {
				run.dead++
			} else {
				run.puts++
			}
		}
		var err error
		if run.seq, err = s.sequence(table); err != nil {
			return err
		}
		if err := s.reserveRows(run.seq, uint64(run.puts)); err != nil {
			return err
		}
		p.sequences = append(p.sequences, run)
	}
	if err := s.prepareTimestamp(); err != nil {
		return err
	}
	return s.opts.Publisher.Reserve(ctx, p.event.Bytes)
}

// prepareTimestamp makes sure that the clock's time may be used.
func (s *Store) prepareTimestamp() error {
	if s.inMemory {
		return nil
	}
	return s.oracle.prepare()
}

// commit decides the transaction and carries it through.
func (t *Txn) commit(p *commitPlan) (Timestamp, error) {
	s := t.store
	slot, err := s.sequenceCommit(p, !t.opts.Sync && !s.inMemory)
	if err != nil {
		s.opts.Publisher.Release(p.event.Bytes)
		t.Rollback()
		return 0, err
	}
	appliedBefore := s.Applied()
	batch := s.db.NewBatch()
	if err = batch.SetRepr(p.batch.finish()); err != nil {
		s.fail(err) // the timestamp is published: the store cannot go on without it
	}
	sync := t.opts.Sync
	if err = s.apply(batch, sync); err != nil {
		t.end()
		return 0, err
	}
	s.marks.markApplied(slot, s.inMemory)
	s.gc.push(p.garbage, slot.ts)
	s.countCommit(p)
	// Others may now lock, read and overwrite the rows; what they commit becomes
	// visible after this commit, and durable after it, the log being sequential.
	t.end()
	if sync {
		err = s.syncWait(batch)
		if err == nil {
			s.marks.markDurable(slot, appliedBefore)
		}
	}
	_ = batch.Close() // it has nothing left to report
	if err != nil {
		return 0, err
	}
	// It is decided: no context ends this wait.
	if err := s.WaitVisible(context.Background(), slot.ts); err != nil {
		return 0, err
	}
	return slot.ts, nil
}

// sequenceCommit is the commit mutex: validate, assign the
// timestamp and the rowIDs, take the slots in the feed and the watermarks.
func (s *Store) sequenceCommit(p *commitPlan, async bool) (*commitSlot, error) {
	for {
		s.commitMu.Lock()
		if err := s.usable(); err != nil {
			s.commitMu.Unlock()
			return nil, err
		}
		ts, ok := s.nextTimestamp()
		if !ok {
			last := s.oracle.last
			s.commitMu.Unlock()
			if err := s.oracle.extend(max(s.oracle.now(), last)); err != nil {
				return nil, err
			}
			continue
		}
		s.moves.add(ts, p.moved)
		p.fill(ts)
		slot := s.marks.push(ts, async)
		s.opts.Publisher.Enqueue(p.event)
		s.commitMu.Unlock()
		return slot, nil
	}
}

// nextTimestamp returns the next timestamp; commitMu is held.
func (s *Store) nextTimestamp() (Timestamp, bool) {
	if s.inMemory {
		s.oracle.last = max(s.oracle.now(), s.oracle.last+1)
		return s.oracle.last, true
	}
	return s.oracle.next()
}

// fill patches the timestamp and the rowIDs into batch and event.
func (p *commitPlan) fill(ts Timestamp) {
	p.event.TS = ts
	for _, at := range p.tsAt {
		p.batch.patchTimestamp(at, ts)
	}
	i := 0
	for _, run := range p.sequences {
		i += run.dead
		id := run.seq.takeRows(uint64(run.puts))
		for range run.puts {
			c := &p.event.Changes[i]
			c.RowID, c.New.rowID, c.New.ts = id, id, ts
			p.batch.patchRowID(p.rowAt[i], id)
			id++
			i++
		}
	}
	for _, l := range p.loads {
		l.fill(&p.batch, ts)
	}
}

func (s *Store) countCommit(p *commitPlan) {
	s.stats.commits.Add(1)
	s.stats.rows.Add(uint64(len(p.event.Changes)))
	s.stats.bytes.Add(uint64(len(p.batch.data)))
}
