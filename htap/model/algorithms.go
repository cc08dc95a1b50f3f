package model

import (
	"htapdb/ml"
	"htapdb/ml/cluster"
	"htapdb/ml/linear"
	"htapdb/ml/tree"
)

// Algorithms are the estimators that CREATE MODEL … USING names.
var Algorithms = ml.NewRegistry(linear.Least{}, linear.Logistic{}, tree.Boosted{}, tree.Forest{}, tree.Single{}, cluster.KMeans{})
