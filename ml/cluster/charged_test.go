package cluster

import (
	"testing"

	"htapdb/internal/testutil"
	"htapdb/ml"
	"htapdb/ml/modeltest"
)

// The points, bounds and labels are charged before they are taken.
func TestCharged(t *testing.T) {
	modeltest.Charged(t, KMeans{}, map[string]string{"k": "8", "starts": "1"}, modeltest.Mixed(testutil.Rand(t), 100_000, ml.Clustering))
}
