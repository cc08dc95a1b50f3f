package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"htapdb/cmd/htap/serving"
	"htapdb/htap"
)

// Options say how the demo runs.
type Options struct {
	// Data is the database's directory, "" for a temporary one.
	Data string
	// Duration is how long the transactions and queries run.
	Duration time.Duration
	// Exit ends the demo instead of leaving the servers running.
	Exit bool
	// Addresses are where the servers listen; a taken port is replaced.
	Addresses serving.Addresses
	// Out is where the demo writes; Terminal says that it can be redrawn, Color
	// that it may be coloured, Width and Height are its size.
	Out             io.Writer
	Terminal, Color bool
	Width, Height   func() int
	// Log takes the warnings of the engine and the servers.
	Log *slog.Logger
}

// demo is a running demo.
type demo struct {
	opt     Options
	c       *console
	m       *meters
	db      *htap.DB
	s       *htap.Session
	servers *serving.Servers
	// files is the folder that the database may touch.
	files   string
	queries []query
	// checks counts what was proved.
	checks int64
	began  time.Time
}

// drainBound is how long clients may take to end after Ctrl-C.
const drainBound = 3 * time.Second

// Run runs the demo until its end, or with the servers running until ctx ends.
// The last line says how it went; an error means that it failed.
func Run(ctx context.Context, opt Options) error {
	d := &demo{opt: opt, m: newMeters(), began: time.Now(),
		c: &console{w: opt.Out, terminal: opt.Terminal, color: opt.Color, width: opt.Width, height: opt.Height}}
	err := d.run(ctx)
	if err != nil && ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	if err != nil {
		d.c.println("demo: FAILED %v", err)
	}
	return err
}

// run makes the workspace, runs all parts and takes everything down again.
func (d *demo) run(ctx context.Context) (err error) {
	tmp, err := os.MkdirTemp("", "htap-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if d.queries, err = queries(); err != nil {
		return err
	}
	if d.files, err = filepath.Abs(filepath.Join(tmp, "files")); err != nil {
		return err
	}
	if err := os.Mkdir(d.files, 0o700); err != nil {
		return err
	}
	if err := unpack(d.files); err != nil {
		return err
	}
	dir := d.opt.Data
	if dir == "" {
		dir = filepath.Join(tmp, "db")
	}
	if err := d.open(ctx, dir); err != nil {
		return err
	}
	defer func() {
		if e := d.close(); err == nil {
			err = e
		}
	}()
	return d.parts(ctx)
}

// open opens the database and starts the servers.
func (d *demo) open(ctx context.Context, dir string) error {
	listeners, err := serving.Listen(ctx, d.opt.Addresses, true)
	if err != nil {
		return err
	}
	// The servers give the database to every user of this machine: files are
	// restricted to the demo's own.
	d.db, err = htap.Open(dir, htap.WithFiles(d.files), htap.WithLogger(d.opt.Log))
	if err != nil {
		listeners.Close()
		return err
	}
	d.db.TuneRuntime()
	d.s = d.db.Session(ctx)
	d.servers = serving.Serve(d.db, listeners, d.opt.Log)
	return nil
}

// close ends the servers and the database.
func (d *demo) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainBound)
	defer cancel()
	// Clients that are cut off are no failure of the demo.
	if err := d.servers.Shutdown(ctx, serving.CutOff); errors.Is(err, serving.ErrStuck) {
		return err
	}
	_ = d.s.Close()
	return d.db.Close()
}

// parts are the demo's acts in order.
func (d *demo) parts(ctx context.Context) error {
	d.c.println("%s  %s", d.c.style(bold, "htap "+htap.Version+" demo"), d.c.style(dim, d.where()))
	if a := d.servers.Addresses(); a.HTTP != serving.Off {
		d.c.println("%s", d.c.style(dim, "Watch in a browser: http://"+a.HTTP+"/"))
	}
	d.c.println("")
	for _, part := range []func(context.Context) error{d.prepare, d.live, d.compare, d.models, d.export, d.checkTables} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	d.outro()
	d.c.println("demo: ok checks=%d", d.checks)
	if d.opt.Exit {
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-d.servers.Failed():
		return err
	}
}

// where says where the database is.
func (d *demo) where() string {
	if d.opt.Data == "" {
		return "a temporary database, removed at the end"
	}
	return "database " + d.db.Path()
}

// outro says how to go on.
func (d *demo) outro() {
	a := d.servers.Addresses()
	d.c.println("")
	if d.opt.Exit {
		return
	}
	d.c.println("%s", d.c.style(bold, "The servers run until Ctrl-C. Go on with a copy of these lines:"))
	part := func(title string, lines ...string) {
		d.c.println("\n  %s", d.c.style(dim, "# "+title))
		for _, l := range lines {
			d.c.println("  %s", l)
		}
	}
	if a.PG != serving.Off {
		url := "postgres://htap@" + a.PG + "/htap"
		part("psql, or the shell of this program", "psql "+url, "go run ./cmd/htap sql --url "+url)
	}
	if a.Flight != serving.Off {
		part("a cell of Jupyter; notebooks/flights.ipynb has more",
			"%pip install -q adbc-driver-flightsql pyarrow pandas",
			"import adbc_driver_flightsql.dbapi as flight",
			"con = flight.connect('grpc://"+a.Flight+"', autocommit=True)",
			"cur = con.cursor()",
			"cur.execute('SELECT * FROM flights LIMIT 5')",
			"cur.fetch_df()")
	}
	if a.HTTP != serving.Off {
		part("a browser: the status page", "http://"+a.HTTP+"/")
	}
	d.c.println("")
}

// note is a result in few words.
func note(format string, args ...any) (string, error) { return fmt.Sprintf(format, args...), nil }
