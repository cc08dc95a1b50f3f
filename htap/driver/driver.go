package driver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"

	"htapdb/htap"
	"htapdb/sql/sqlstate"
)

func init() { sql.Register("htap", &Driver{}) }

// Driver is the driver registered as "htap".
type Driver struct{}

var (
	_ driver.Driver        = (*Driver)(nil)
	_ driver.DriverContext = (*Driver)(nil)
)

// Open opens one connection to a database of its own; database/sql uses
// OpenConnector instead. Closing the connection closes the database.
func (d *Driver) Open(name string) (driver.Conn, error) {
	c, err := d.OpenConnector(name)
	if err != nil {
		return nil, err
	}
	conn, err := c.Connect(context.Background())
	if err != nil {
		return nil, err
	}
	conn.(*Conn).owned = true
	return conn, nil
}

// OpenConnector reads a name; the database opens with the first connection.
func (d *Driver) OpenConnector(name string) (driver.Connector, error) {
	n, err := parseName(name)
	if err != nil {
		return nil, err
	}
	return &Connector{driver: d, name: n}, nil
}

// Connector makes connections to one database.
type Connector struct {
	driver *Driver
	name   name

	mu     sync.Mutex
	db     *htap.DB
	shared *shared // nil for a database that is not in the registry
	// own says that Close closes db.
	own, closed bool
	// conns are the open connections, to be ended by Close: one whose rows nobody
	// reads any more would keep the engine from closing.
	conns map[*Conn]struct{}
}

// NewConnector returns a connector to a database that the program has opened
// and closes itself. settings are applied to each connection; nil is none.
func NewConnector(db *htap.DB, settings map[string]string) *Connector {
	c := &Connector{driver: &Driver{}, db: db}
	for k, v := range settings {
		c.name.settings = append(c.name.settings, setting{k, v})
	}
	return c
}

// Driver returns the driver.
func (c *Connector) Driver() driver.Driver { return c.driver }

// Connect opens the database if this is the first connection, and a session.
func (c *Connector) Connect(ctx context.Context) (driver.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	db, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	conn := &Conn{settings: c.name.settings, connector: c}
	// The session outlives ctx, which is that of the first statement.
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	conn.cancel, conn.session = cancel, db.Session(life)
	if err := conn.applySettings(); err != nil {
		cancel()
		_ = conn.session.Close()
		return nil, err
	}
	if c.conns == nil {
		c.conns = map[*Conn]struct{}{}
	}
	c.conns[conn] = struct{}{}
	return conn, nil
}

// open returns the database, opening it once; c.mu is held.
func (c *Connector) open(ctx context.Context) (*htap.DB, error) {
	switch {
	case c.closed:
		return nil, sqlstate.New(sqlstate.ConnectionFailure, "the connector is closed")
	case c.db != nil:
		return c.db, nil
	case c.name.dir == "":
		db, err := htap.Open("", c.name.options...)
		if err != nil {
			return nil, err
		}
		c.db, c.own = db, true
		return db, nil
	}
	s, err := directories.open(ctx, c.name)
	if err != nil {
		return nil, err
	}
	c.db, c.shared = s.db, s
	return s.db, nil
}

// DB returns the engine, nil before the first connection.
func (c *Connector) DB() *htap.DB {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.db
}

// forget removes a connection that has ended.
func (c *Connector) forget(conn *Conn) {
	c.mu.Lock()
	delete(c.conns, conn)
	c.mu.Unlock()
}

// Close ends the connections, with their statements and open rows, and closes
// the database unless others share it. sql.DB.Close calls it.
func (c *Connector) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	conns := c.conns
	c.conns = nil
	c.mu.Unlock()
	for conn := range conns {
		_ = conn.shut()
	}
	switch {
	case c.shared != nil:
		return directories.release(c.shared)
	case c.own:
		return c.db.Close()
	}
	return nil
}
