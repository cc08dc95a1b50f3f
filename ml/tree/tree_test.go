package tree

import (
	"testing"

	"htapdb/ml/modeltest"
)

func TestConformance(t *testing.T) {
	t.Run("gbt", func(t *testing.T) { modeltest.RunWith(t, Boosted{}, map[string]string{"trees": "25"}) })
	t.Run("random_forest", func(t *testing.T) { modeltest.RunWith(t, Forest{}, map[string]string{"trees": "3"}) })
	t.Run("decision_tree", func(t *testing.T) { modeltest.Run(t, Single{}) })
}
