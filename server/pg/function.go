package pg

import "htapdb/sql/sqlstate"

// functionCall refuses a FunctionCall, which calls by the OID of a function in
// pg_proc; ours have none that would stay. As Query it is a message of its own:
// its error needs no Sync.
func (c *conn) functionCall(data []byte) error {
	ctx := c.begin()
	b := body{data}
	_, err := b.uint32()
	if err == nil {
		if c.sess.TxState() == 'E' {
			err = errAborted
		} else {
			err = sqlstate.New(sqlstate.FeatureNotSupported, "function call messages are not supported").
				WithHint("Call the function with SELECT.")
		}
	}
	c.failTransaction(ctx)
	return c.simpleError(ctx, err)
}
