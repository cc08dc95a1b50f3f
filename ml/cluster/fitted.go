package cluster

import (
	"math"
	"sync"

	"htapdb/ml"
)

// fitted is centers.
type fitted struct {
	*layout
	// centers are the coordinates of the clusters, one after the other.
	centers []float64
	counts  []int64
}

// rooms recycles the points of predictions.
var rooms = sync.Pool{New: func() any { return new([]float64) }}

// Predict implements ml.Fitted.
func (f *fitted) Predict(b *ml.Block, out []float64) {
	room := rooms.Get().(*[]float64)
	defer rooms.Put(room)
	if need := b.Rows * f.dims; cap(*room) < need {
		*room = make([]float64, need)
	}
	points := (*room)[:b.Rows*f.dims]
	f.points(b, 0, b.Rows, points)
	for r := range out[:b.Rows] {
		c, _, _ := nearest(points[r*f.dims:(r+1)*f.dims], f.centers, len(f.counts))
		out[r] = float64(c)
	}
}

// Clusters implements ml.Clusterer.
func (f *fitted) Clusters() []ml.Cluster {
	out, names := make([]ml.Cluster, len(f.counts)), f.names()
	for c := range out {
		out[c] = ml.Cluster{Rows: f.counts[c], Names: names}
		for j := range f.dims {
			out[c].Center = append(out[c].Center, f.centers[c*f.dims+j]/f.scale[j]+f.center[j])
		}
	}
	return out
}

// Encode implements ml.Fitted.
func (f *fitted) Encode(e *ml.Encoder) {
	e.Floats(f.center)
	e.Floats(f.scale)
	e.Floats(f.limit)
	e.Floats(f.centers)
	e.Int(int64(len(f.counts)))
	for _, n := range f.counts {
		e.Int(n)
	}
}

// Decode implements ml.Estimator.
func (KMeans) Decode(d *ml.Decoder, m *ml.Model) (ml.Fitted, error) {
	l, err := newLayout(m.Features)
	if err != nil {
		return nil, err
	}
	f := &fitted{layout: l}
	l.center, l.scale, l.limit, f.centers = d.Floats(), d.Floats(), d.Floats(), d.Floats()
	n := d.Index(math.MaxInt32)
	if d.Err() == nil && (len(l.center) != l.dims || len(l.scale) != l.dims || len(l.limit) != l.dims || n == 0 || len(f.centers)%n != 0 || len(f.centers)/n != l.dims) {
		d.Fail("%d coordinates of %d centers in %d dimensions", len(f.centers), n, l.dims)
	}
	for i := 0; i < n && d.Err() == nil; i++ {
		f.counts = append(f.counts, d.Int())
	}
	return f, d.Err()
}
