package model

import (
	"htapdb/ml"
	"htapdb/ml/cluster"
	"htapdb/ml/linear"
)

// Algorithms are the estimators that CREATE MODEL … USING names.
var Algorithms = ml.NewRegistry(linear.Least{}, linear.Logistic{}, cluster.KMeans{})
