package olap

import (
	"sync"
	"sync/atomic"
	"time"

	"htapdb/vector"
)

// NodeStats are the counters of one node over one or more executions.
type NodeStats struct {
	// Rows and Batches are what the node produced.
	Rows, Batches int64
	// Time is the time spent in the node itself, summed over the workers,
	// without its inputs (but those of an Append are included).
	Time time.Duration
	// Bytes is the largest memory that the node reserved.
	Bytes int64
	// Workers is the largest number of workers that ran the node's pipeline.
	Workers int
}

// Profile collects NodeStats while Run runs. It is safe for concurrent use.
type Profile struct {
	mu    sync.Mutex
	nodes map[Node]*nodeCounters
	scans map[*Scan]*ScanReport
}

// nodeCounters are the counters behind NodeStats, added to by all workers.
type nodeCounters struct {
	rows, batches, nanos, bytes, used, workers atomic.Int64
}

// Stats returns the counters of n, zero for a node that did not run.
func (p *Profile) Stats(n Node) NodeStats {
	p.mu.Lock()
	c := p.nodes[n]
	p.mu.Unlock()
	if c == nil {
		return NodeStats{}
	}
	return NodeStats{
		Rows: c.rows.Load(), Batches: c.batches.Load(), Time: time.Duration(c.nanos.Load()),
		Bytes: c.bytes.Load(), Workers: int(c.workers.Load()),
	}
}

// Scan returns what the scan n reported, nil if it did not run or has nothing to say.
func (p *Profile) Scan(n *Scan) *ScanReport {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.scans[n]
}

// addScan takes the report of a scanner that is about to be closed; of a scan that
// ran more than once the counts are added up.
func (p *Profile) addScan(s openScan) {
	reporter, ok := s.scanner.(Reporter)
	if p == nil || !ok {
		return
	}
	report := reporter.Report()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.scans == nil {
		p.scans = make(map[*Scan]*ScanReport)
	}
	if old := p.scans[s.node]; old != nil {
		report.add(old)
	}
	p.scans[s.node] = report
}

// add adds the counts of an earlier run of the same scan.
func (r *ScanReport) add(old *ScanReport) {
	r.Segments += old.Segments
	r.SegmentsPruned += old.SegmentsPruned
	r.RowsPruned += old.RowsPruned
	r.RowsScanned += old.RowsScanned
	r.DeltaRows += old.DeltaRows
	for i := range min(len(r.Filters), len(old.Filters)) {
		r.Filters[i].Removed += old.Filters[i].Removed
		r.Filters[i].SegmentsPruned += old.Filters[i].SegmentsPruned
	}
}

// counters returns the counters of n, made on first use; nil for a nil profile,
// and for the parts of a pipeline that belong to no node.
func (p *Profile) counters(n Node) *nodeCounters {
	if p == nil || n == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.nodes == nil {
		p.nodes = make(map[Node]*nodeCounters)
	}
	c := p.nodes[n]
	if c == nil {
		c = &nodeCounters{}
		p.nodes[n] = c
	}
	return c
}

// count adds one call that made b and took d.
func (c *nodeCounters) count(b *vector.Batch, d time.Duration) {
	if c == nil {
		return
	}
	c.nanos.Add(int64(d))
	if b != nil && b.Rows() > 0 {
		c.rows.Add(int64(b.Rows()))
		c.batches.Add(1)
	}
}

// timed calls f, work of n between its pipelines (merging, sorting, indexing),
// and adds the time it took to n's.
func (r *run) timed(n Node, f func() error) error {
	c := r.ex.Profile.counters(n)
	if c == nil {
		return f()
	}
	start := time.Now()
	err := f()
	c.nanos.Add(int64(time.Since(start)))
	return err
}

// addBytes moves the memory in use, and its highest value with it.
func (c *nodeCounters) addBytes(n int64) {
	used := c.used.Add(n)
	raise(&c.bytes, used)
}

// raiseWorkers makes the number of workers at least n.
func (c *nodeCounters) raiseWorkers(n int) {
	if c != nil {
		raise(&c.workers, int64(n))
	}
}

// raise makes a at least x.
func raise(a *atomic.Int64, x int64) {
	for {
		old := a.Load()
		if x <= old || a.CompareAndSwap(old, x) {
			return
		}
	}
}
