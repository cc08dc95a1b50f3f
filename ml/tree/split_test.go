package tree

import (
	"context"
	"fmt"
	"testing"
	"time"

	"htapdb/internal/testutil"
	"htapdb/ml/modeltest"
	"htapdb/vector"
)

// manyClasses has a text of some categories, which tells something about the class.
func manyClasses(t *testing.T, rows, classes, categories int) *modeltest.Data {
	rng := testutil.Rand(t)
	texts, labels := make([]string, rows), make([]string, rows)
	for i := range rows {
		c := rng.IntN(categories)
		texts[i] = fmt.Sprintf("t%03d", c)
		labels[i] = fmt.Sprintf("c%03d", (c+rng.IntN(classes/2))%classes)
	}
	return &modeltest.Data{Names: []string{"x"}, Columns: []*vector.Vector{modeltest.Texts(texts)}, Target: modeltest.Texts(labels)}
}

// Many categories of many classes are not put in as many orders as there are classes. The
// bound is several times what it takes.
func TestManyClassesAndCategories(t *testing.T) {
	d := manyClasses(t, 20_000, 1000, 250)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := modeltest.Train(ctx, Forest{}, map[string]string{"trees": "3"}, d, modeltest.Schedule{}); err != nil {
		t.Errorf("3 trees of 1,000 classes and 250 categories: %v", err)
	}
}

// A cancel is seen between the orders of a node's categories.
func TestManyClassesCancel(t *testing.T) {
	d := manyClasses(t, 10_000, 1000, 255)
	modeltest.Cancels(t, func(ctx context.Context) error {
		_, err := modeltest.Train(ctx, Single{}, map[string]string{"max_depth": "1"}, d, modeltest.Schedule{Workers: 2})
		return err
	})
}

// The orders are those by the classes that a node has, the largest first.
func TestOrders(t *testing.T) {
	c := criterion{kind: gini, sums: 5}
	equal(t, "present classes", c.orders([]int64{0, 3, 9, 0, 3}, nil), []int{2, 1, 4})
	equal(t, "two classes", c.orders([]int64{0, 3, 9, 0, 0}, nil), []int{2})
	many := criterion{kind: gini, sums: 40}
	total, want := make([]int64, 40), []int{}
	for i := range total {
		total[i] = int64(i + 1)
	}
	for i := range mostOrders {
		want = append(want, 39-i)
	}
	equal(t, "many classes", many.orders(total, nil), want)
	equal(t, "gradients", (&criterion{kind: newton, sums: 3}).orders([]int64{1, 1, 1}, nil), []int{2})
}
