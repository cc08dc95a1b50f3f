package tree

import (
	"slices"

	"htapdb/ml"
)

// scale says what the outputs of an ensemble are.
type scale uint8

const (
	// rawScores are log odds: of the second of two classes, or of each class.
	rawScores scale = iota
	// shareScores are the probabilities of the classes.
	shareScores
)

// fittedFor is what predicts a number, or one of classes, by an ensemble.
func fittedFor(e *ensemble, classes int, s scale) ml.Fitted {
	if classes == 0 {
		return regressor{e}
	}
	return classifier{e, s, classes}
}

// regressor predicts a number.
type regressor struct{ *ensemble }

// Predict implements ml.Fitted.
func (f regressor) Predict(b *ml.Block, out []float64) {
	f.eachScore(b, func(r int, scores []float64) { out[r] = scores[0] })
}

// Encode implements ml.Fitted.
func (f regressor) Encode(e *ml.Encoder) { f.encode(e) }

// classifier predicts a class.
type classifier struct {
	*ensemble
	scale   scale
	classes int
}

// Predict implements ml.Fitted.
func (f classifier) Predict(b *ml.Block, out []float64) {
	f.eachScore(b, func(r int, scores []float64) {
		if f.outputs > 1 {
			out[r] = float64(most(scores))
			return
		}
		out[r] = 0
		if f.classes > 1 && scores[0] > 0 {
			out[r] = 1
		}
	})
}

// Probabilities implements ml.Prober.
func (f classifier) Probabilities(b *ml.Block, class int, out []float64) {
	f.eachScore(b, func(r int, scores []float64) {
		switch {
		case f.classes == 1:
			out[r] = 1
		case f.scale == shareScores:
			out[r] = scores[class]
		case len(scores) > 1:
			softmax(scores)
			out[r] = scores[class]
		case class == 0:
			out[r] = logistic(-scores[0])
		default:
			out[r] = logistic(scores[0])
		}
	})
}

// Encode implements ml.Fitted.
func (f classifier) Encode(e *ml.Encoder) { f.encode(e) }

// ascending sorts a list in place.
func ascending(list []int32) []int32 {
	slices.Sort(list)
	return list
}
