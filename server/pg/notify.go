package pg

import (
	"time"

	"htapdb/htap"
	"htapdb/sql/sqlstate"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Notifications come from other sessions at any time, and the client is told
// when it is between transactions: at its next ReadyForQuery, or at once if the
// connection waits. Then the read is woken through its deadline, since only the
// connection's goroutine writes.

// maxNotifications bounds what waits for a client that does not become idle.
const maxNotifications = 10_000

// errQueueFull ends a connection that would lose notifications.
var errQueueFull = sqlstate.New(sqlstate.ConfigurationLimit, "terminating connection because it takes no notifications")

// notify takes a notification; the sender's goroutine calls it.
func (c *conn) notify(n htap.Notification) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.notifications) >= maxNotifications {
		c.overflowed = true
		c.notifications = nil
	}
	if !c.overflowed {
		c.notifications = append(c.notifications, n)
	}
	if c.idle && !c.draining {
		c.wake = true
		_ = c.netConn.SetReadDeadline(time.Unix(1, 0))
	}
}

// woken reports, once, that a read was interrupted for notifications.
func (c *conn) woken() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.wake
	c.wake = false
	return w
}

// deliver sends what has come while the connection waits, and waits again.
func (c *conn) deliver() error {
	if err := c.takeNotifications(); err != nil {
		return err
	}
	c.flushEvents()
	if err := c.flush(); err != nil {
		return err
	}
	deadline := time.Time{}
	if t, _ := c.idleLimit(true); t > 0 {
		deadline = time.Now().Add(t)
	}
	c.setReadDeadline(deadline)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = true
	if c.draining || len(c.notifications) > 0 {
		c.wake = !c.draining
		_ = c.netConn.SetReadDeadline(time.Unix(1, 0))
	}
	return nil
}

// takeNotifications moves the notifications among the events, as the client may
// have them between transactions.
func (c *conn) takeNotifications() error {
	c.mu.Lock()
	list, overflowed := c.notifications, c.overflowed
	c.notifications = nil
	c.mu.Unlock()
	if overflowed {
		return errQueueFull
	}
	for i := range list {
		c.out = appendNotification(c.out, &list[i])
	}
	return nil
}

// appendNotification appends a NotificationResponse.
func appendNotification(dst []byte, n *htap.Notification) []byte {
	m := pgproto3.NotificationResponse{PID: pidOf(n.From), Channel: cString(n.Channel), Payload: cString(n.Payload)}
	if out, err := m.Encode(dst); err == nil {
		return out
	}
	return dst
}
