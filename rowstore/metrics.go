package rowstore

// Metrics are counters since Open and current sizes.
type Metrics struct {
	Commits, Aborts           uint64 // transactions that wrote
	SerializationFailures     uint64 // 40001
	UniqueViolations          uint64
	Deadlocks                 uint64
	LockWaits, LockWaitNanos  uint64
	LockEscalations           uint64
	Syncs, SyncWaitNanos      uint64 // commits that waited for durability
	RowsWritten, BytesWritten uint64
	LoadedRows                uint64
	Collected                 uint64 // versions removed by garbage collection
	GarbageQueued             uint64 // keys waiting for it
	Sweeps                    uint64 // sweeps of the whole store, after a queue overflow or a restart
	OpenSnapshots             uint64
	OldestSnapshot            Timestamp
	CollectionHorizon         Timestamp
	LocksHeld                 uint64
	DiskBytes, MemTableBytes  uint64
	CacheBytes                uint64
	CacheHits, CacheMisses    uint64
}

// Metrics returns counters and sizes.
func (s *Store) Metrics() Metrics {
	locks := s.locks.Stats()
	pm := s.db.Metrics()
	open, oldest := s.snaps.oldest()
	s.gc.mu.Lock()
	queued := len(s.gc.queue) + len(s.gc.blocked)
	s.gc.mu.Unlock()
	return Metrics{
		Commits: s.stats.commits.Load(), Aborts: s.stats.aborts.Load(),
		SerializationFailures: s.stats.serialization.Load(), UniqueViolations: s.stats.unique.Load(),
		Deadlocks: locks.Deadlocks, LockWaits: locks.Waits, LockWaitNanos: locks.WaitNanos,
		LockEscalations: locks.Escalations, LocksHeld: uint64(max(locks.Held, 0)),
		Syncs: s.stats.syncs.Load(), SyncWaitNanos: s.stats.syncNanos.Load(),
		RowsWritten: s.stats.rows.Load(), BytesWritten: s.stats.bytes.Load(), LoadedRows: s.stats.loaded.Load(),
		Collected: s.gc.collected.Load(), GarbageQueued: uint64(queued), Sweeps: s.gc.sweeps.Load(),
		OpenSnapshots: uint64(open), OldestSnapshot: oldest, CollectionHorizon: s.snaps.horizonNow(),
		DiskBytes: pm.DiskSpaceUsage(), MemTableBytes: pm.MemTable.Size,
		CacheBytes: uint64(pm.BlockCache.Size), CacheHits: uint64(pm.BlockCache.Hits), CacheMisses: uint64(pm.BlockCache.Misses),
	}
}
