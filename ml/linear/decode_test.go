package linear

import (
	"testing"

	"htapdb/internal/testutil"
	"htapdb/ml"
	"htapdb/ml/modeltest"
	"htapdb/sql/sqlstate"
)

// A model with fewer than no degrees of freedom is damaged: Student's t has none.
func TestNegativeFreedom(t *testing.T) {
	m := modeltest.MustTrain(t, Least{}, nil, modeltest.Mixed(testutil.Rand(t), 200, ml.Regression))
	m.Fitted.(leastFitted).freedom = -3
	if _, err := ml.NewRegistry(Least{}).Decode(m.Encode()); !sqlstate.Is(err, sqlstate.DataCorrupted) {
		t.Errorf("a model of -3 degrees of freedom: %v", err)
	}
}
