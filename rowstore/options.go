package rowstore

import (
	"time"

	"htapdb/internal/vfs"
)

// Options configure Open; the zero value works.
type Options struct {
	// FS is the file system of all durable I/O; nil is the operating system's, or
	// one that ends with the process if the directory is "".
	FS vfs.FS
	// Memory is charged with the block cache, the memtables, write sets, the
	// buffers of loads and, for the directory "", the files in memory; nil counts
	// nothing.
	Memory vfs.Budget
	// ScratchBytes is how much of a store without a directory stays in memory; the
	// rest is in a temporary file, which may have TempBytes. 0 is 64 MiB, and what
	// the disk has.
	ScratchBytes, TempBytes int64
	// Clock returns the wall time in µs since 1970; nil is the system clock.
	Clock func() int64
	// CacheBytes is the size of the block cache, on the Go heap. 0 is 64 MiB.
	CacheBytes int64
	// MemTableBytes is the size of one memtable; maxMemTables exist at the most. 0 is 32 MiB.
	MemTableBytes int64
	// MaxWriteSetBytes bounds the write set of one transaction (53200). 0 is 256 MiB.
	MaxWriteSetBytes int64
	// LoadBufferBytes bounds the rows a Load holds: those that it collects and those
	// that are being written as a sorted run. 0 is 64 MiB.
	LoadBufferBytes int64
	// MaxRowLocks is the number of row locks in one table above which a
	// transaction tries to lock the table instead. 0 is 10,000.
	MaxRowLocks int
	// MaxLocks bounds the row locks of all transactions together (53200). 0 is 2,000,000.
	MaxLocks int
	// CollectPerSecond bounds the versions that garbage collection removes a
	// second. 0 is 500,000.
	CollectPerSecond int
	// ReserveBytes is the free space on the disk below which commits and loads are
	// refused with 53100, so that the log never meets a full disk. 0 is 128 MiB,
	// negative turns the check off.
	ReserveBytes int64
	// AsyncSyncInterval is how often commits that did not wait for durability are
	// synced. 0 is 100 ms.
	AsyncSyncInterval time.Duration
	// Witness is what else knows how far the store had come, nil for nothing: a
	// store that ends before it is refused.
	Witness *Witness
	// Repair opens a damaged store at the last commit boundary that is left, where
	// it would be refused; see Examine.
	Repair bool
	// Publisher is the change feed, nil for none.
	Publisher Publisher
	// OnFatal is called once when the log or a background write fails; from then
	// on commits are refused. The program is expected to end. nil does nothing.
	OnFatal func(error)
}

// maxMemTables is how many memtables there are when writers begin to wait.
const maxMemTables = 4

// Witness is a copy of the store's data that has been brought to a position
// which was durable in the store before.
type Witness struct {
	// Name says what it is, as in "the columns in ...".
	Name string
	// StoreID is that of the store whose data it has.
	StoreID [16]byte
	// Position is the timestamp up to which it has all commits.
	Position Timestamp
}

func (o *Options) withDefaults(inMemory bool) Options {
	n := *o
	if n.Memory == nil {
		n.Memory = vfs.Unlimited{}
	}
	setDefault(&n.ScratchBytes, 64<<20)
	if n.FS == nil {
		n.FS = vfs.Default
		if inMemory {
			n.FS = vfs.NewScratch(vfs.ScratchOptions{Memory: n.Memory, MemoryBytes: n.ScratchBytes, FileBytes: n.TempBytes})
		}
	}
	if n.Clock == nil {
		n.Clock = func() int64 { return time.Now().UnixMicro() }
	}
	setDefault(&n.CacheBytes, 64<<20)
	setDefault(&n.MemTableBytes, 32<<20)
	setDefault(&n.MaxWriteSetBytes, 256<<20)
	setDefault(&n.LoadBufferBytes, 64<<20)
	setDefault(&n.MaxRowLocks, 10_000)
	setDefault(&n.MaxLocks, 2_000_000)
	setDefault(&n.CollectPerSecond, 500_000)
	if n.ReserveBytes == 0 {
		n.ReserveBytes = 128 << 20
	}
	setDefault(&n.AsyncSyncInterval, 100*time.Millisecond)
	if n.Publisher == nil {
		n.Publisher = noPublisher{}
	}
	if n.OnFatal == nil {
		n.OnFatal = func(error) {}
	}
	return n
}

func setDefault[T int | int64 | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}

// Isolation is a transaction's isolation level.
type Isolation uint8

// The levels. READ UNCOMMITTED is ReadCommitted.
const (
	ReadCommitted Isolation = iota
	RepeatableRead
	Serializable // refused with 0A000
)

// TxnOptions configure Begin; the zero value is a READ COMMITTED transaction
// that does not wait for durability.
type TxnOptions struct {
	Isolation Isolation
	// ReadOnly refuses writes and locks (25006).
	ReadOnly bool
	// Sync makes Commit wait until the transaction survives a power loss.
	Sync bool
}

// ScanOptions configure a scan; the zero value is forward over everything the
// snapshot sees.
type ScanOptions struct {
	Reverse bool
	// Limit is the most rows to return, 0 for all.
	Limit int64
	// Latest reads the newest committed versions instead of the snapshot's (and
	// the transaction's own writes of every statement), as foreign key checks
	// need. Transactions only.
	Latest bool
}

// WaitPolicy says what Lock does when the lock is held.
type WaitPolicy uint8

// The policies: wait in line, or fail with 55P03 at once (NOWAIT; SKIP LOCKED
// is NoWait with the error ignored).
const (
	Wait WaitPolicy = iota
	NoWait
)
