// Package linear has the estimators whose prediction is a weighted sum of terms:
// Least (least squares, ridge) and Logistic (binary logistic regression).
//
// Terms: a number is one term. A category is one term for each of its levels, the
// texts in byte order and, last, NULL where training saw one; of the levels the first
// is the reference and has no term (without an intercept, the first categorical
// feature has terms for all). Terms that do not vary, or that are combinations of
// others, get the coefficient 0, no standard error, and a notice.
//
// Both build their normal equations from sums without rounding (ml/exact), so that
// order, blocks and workers cannot change a bit; least squares reads the rows once and
// keeps none of them, logistic regression makes its Newton steps over a Frame.
//
// For numbers that are far from zero, as seconds since an epoch, a fitted keeps its
// prediction at their means and adds what the rows differ from them, which keeps the
// digits that an intercept at zero loses. A missing number counts as the mean, an
// unseen text, or a NULL where training saw none, as the reference.
package linear
