package binder_test

import (
	"testing"

	"htapdb/sql/binder/bindtest"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// noArguments is a catalog with a function of no arguments.
type noArguments struct{ *bindtest.Catalog }

// Function implements binder.Catalog.
func (noArguments) Function(name string, args int) *fn.Scalar {
	if name != "pg_backend_pid" || args != 0 {
		return nil
	}
	return &fn.Scalar{Name: name, Result: types.TInt4}
}

// A function of the catalog need not have arguments.
func TestCatalogFunctionWithoutArguments(t *testing.T) {
	if _, err := bindText(t, noArguments{&bindtest.Catalog{}}, "SELECT pg_backend_pid()"); err != nil {
		t.Error(err)
	}
}
