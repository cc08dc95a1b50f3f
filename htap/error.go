package htap

import "htapdb/sql/sqlstate"

// Error is an error with a SQLSTATE, and where known a detail, a hint and the
// 1-based character position in the statement's text. Get it with errors.As.
type Error = sqlstate.Error
