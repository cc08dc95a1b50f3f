package pg

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"sort"
	"strings"
	"time"

	"htapdb/sql/sqlstate"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Request codes in the place of a protocol version.
const (
	cancelRequest = 80877102
	sslRequest    = 80877103
	gssRequest    = 80877104
)

// maxStartup bounds a startup packet, as PostgreSQL does.
const maxStartup = 10000

// theName is the name of the only role and of the only database.
const theName = "htap"

// reported are the settings that are announced with ParameterStatus, as they
// are spelled there.
var reported = []string{
	"application_name", "client_encoding", "DateStyle", "default_transaction_read_only",
	"in_hot_standby", "integer_datetimes", "IntervalStyle", "is_superuser", "server_encoding",
	"server_version", "session_authorization", "standard_conforming_strings", "TimeZone",
}

// reportedDefault is announced where the engine has no such setting.
var reportedDefault = map[string]string{
	"application_name": "", "client_encoding": "UTF8", "DateStyle": "ISO, MDY",
	"default_transaction_read_only": "off", "in_hot_standby": "off", "integer_datetimes": "on",
	"IntervalStyle": "postgres", "is_superuser": "on", "server_encoding": "UTF8",
	"server_version": ServerVersion, "session_authorization": theName,
	"standard_conforming_strings": "on", "TimeZone": "UTC",
}

// ServerVersion is the version of PostgreSQL whose behaviour clients are told
// to expect. Tools choose their catalog queries by it.
const ServerVersion = "15.0 (htapdb)"

// start negotiates until the session is ready for queries. It returns errClosed
// after a cancel request.
func (c *conn) start(ctx context.Context) error {
	_ = c.netConn.SetReadDeadline(time.Now().Add(c.srv.opt.StartupTimeout))
	body, err := c.firstMessage()
	if err != nil {
		return err
	}
	version, params, err := parseStartup(body)
	if err != nil {
		return err
	}
	if version>>16 != 3 {
		return sqlstate.New(sqlstate.FeatureNotSupported, "unsupported frontend protocol %d.%d: server supports 3.0", version>>16, version&0xffff)
	}
	if err := c.negotiate(version, params); err != nil {
		return err
	}
	if err := c.authorize(params); err != nil {
		return err
	}
	c.sess = c.srv.db.session(ctx)
	if err := c.srv.register(c); err != nil {
		return err
	}
	if err := c.applyStartup(params); err != nil {
		return asError(ctx, err)
	}
	return c.greet()
}

// firstMessage answers encryption requests until the startup or a cancel comes.
func (c *conn) firstMessage() ([]byte, error) {
	for range 3 { // at most one request for each kind of encryption before the startup
		body, err := c.in.startup(maxStartup)
		if err != nil {
			if err == errInterrupted {
				err = errClosed // who says nothing is not answered
			}
			return nil, err
		}
		switch binary.BigEndian.Uint32(body) {
		case sslRequest, gssRequest:
			c.out = append(c.out, 'N')
			if err := c.flush(); err != nil {
				return nil, err
			}
		case cancelRequest:
			if len(body) >= 12 {
				c.srv.cancelQuery(binary.BigEndian.Uint32(body[4:]), body[8:])
			}
			return nil, errClosed
		default:
			return body, nil
		}
	}
	return nil, sqlstate.New(sqlstate.ProtocolViolation, "too many encryption requests")
}

// parseStartup reads the version and the parameters of a startup message.
func parseStartup(body []byte) (version uint32, params map[string]string, err error) {
	version = binary.BigEndian.Uint32(body)
	params = map[string]string{}
	bad := sqlstate.New(sqlstate.ProtocolViolation, "invalid startup packet layout: expected terminator as last byte")
	rest := body[4:]
	field := func() (string, bool) {
		i := bytes.IndexByte(rest, 0)
		if i < 0 {
			return "", false
		}
		s := string(rest[:i])
		rest = rest[i+1:]
		return s, true
	}
	for {
		name, ok := field()
		if !ok {
			return version, nil, bad
		}
		if name == "" {
			break
		}
		value, ok := field()
		if !ok {
			return version, nil, bad
		}
		params[name] = value
	}
	if len(rest) != 0 {
		return version, nil, bad
	}
	return version, params, nil
}

// negotiate offers 3.0 to a client that asks for a later minor version or for
// protocol options, of which there are none yet.
func (c *conn) negotiate(version uint32, params map[string]string) error {
	var options []string
	for name := range params {
		if strings.HasPrefix(name, "_pq_.") {
			options = append(options, name)
			delete(params, name)
		}
	}
	if version&0xffff == 0 && len(options) == 0 {
		return nil
	}
	sort.Strings(options)
	m := pgproto3.NegotiateProtocolVersion{NewestMinorProtocol: pgproto3.ProtocolVersion30, UnrecognizedOptions: options}
	var err error
	c.out, err = m.Encode(c.out)
	return err
}

// authorize checks who connects to what, from where.
func (c *conn) authorize(params map[string]string) error {
	user := params["user"]
	if user == "" {
		return sqlstate.New(sqlstate.InvalidAuthorization, "no PostgreSQL user name specified in startup packet")
	}
	if !c.srv.opt.AllowRemote && !isLocal(c.netConn.RemoteAddr()) {
		return sqlstate.New(sqlstate.InvalidAuthorization, "connections from %s are refused: without passwords only this machine may connect", c.netConn.RemoteAddr()).
			WithHint("Tunnel to the server's machine, or put a proxy that authenticates before it.")
	}
	if user != theName {
		return sqlstate.New(sqlstate.InvalidAuthorization, "role %q does not exist", user).WithHint("The role is %q.", theName)
	}
	database := params["database"]
	if database == "" {
		database = user
	}
	if database != theName {
		return sqlstate.New(sqlstate.InvalidCatalogName, "database %q does not exist", database).WithHint("The database is %q.", theName)
	}
	if r := params["replication"]; r != "" && r != "false" && r != "off" && r != "no" && r != "0" {
		return sqlstate.New(sqlstate.FeatureNotSupported, "replication connections are not supported")
	}
	return nil
}

// isLocal reports a connection within this machine.
func isLocal(a net.Addr) bool {
	switch a := a.(type) {
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	case *net.UnixAddr:
		return true
	}
	return a.Network() == "pipe" // net.Pipe, inside this process
}

// applyStartup sets the settings of the startup message; those in options come
// first, as in PostgreSQL. They are what RESET goes back to.
func (c *conn) applyStartup(params map[string]string) error {
	options, err := parseOptions(params["options"])
	if err != nil {
		return err
	}
	for _, o := range options {
		if err := c.sess.Set(strings.ToLower(o[0]), o[1]); err != nil {
			return err
		}
	}
	names := make([]string, 0, len(params))
	for name := range params {
		switch name {
		case "user", "database", "options", "replication":
		default:
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		if err := c.sess.Set(strings.ToLower(name), settingValue(name, params[name])); err != nil {
			return err
		}
	}
	c.sess.KeepSettings()
	return nil
}

// settingValue cleans a startup value: asyncpg sends client_encoding in quotes.
func settingValue(name, value string) string {
	if strings.EqualFold(name, "client_encoding") {
		return strings.Trim(value, "'")
	}
	return value
}

// parseOptions reads "-c name=value --name=value", where a backslash keeps the
// blank after it.
func parseOptions(s string) ([][2]string, error) {
	var words []string
	var word []byte
	in := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			word, in = append(word, s[i]), true
		case s[i] == ' ' || s[i] == '\t' || s[i] == '\n':
			if in {
				words = append(words, string(word))
			}
			word, in = nil, false
		default:
			word, in = append(word, s[i]), true
		}
	}
	if in {
		words = append(words, string(word))
	}
	var out [][2]string
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "-c" && i+1 < len(words):
			i++
			w = words[i]
		case strings.HasPrefix(w, "--"):
			w = w[2:]
		case strings.HasPrefix(w, "-c"):
			w = w[2:]
		default:
			return nil, sqlstate.New(sqlstate.SyntaxError, "invalid command-line argument for server process: %s", w)
		}
		name, value, ok := strings.Cut(w, "=")
		if !ok || name == "" {
			return nil, sqlstate.New(sqlstate.SyntaxError, "-c %s requires a value", w)
		}
		out = append(out, [2]string{strings.ReplaceAll(name, "-", "_"), value})
	}
	return out, nil
}

// greet ends the startup: authentication, settings, the key for cancels.
func (c *conn) greet() error {
	c.out, _ = (&pgproto3.AuthenticationOk{}).Encode(c.out)
	for _, name := range reported {
		value, err := c.sess.Setting(strings.ToLower(name))
		if err != nil {
			value = reportedDefault[name]
		}
		c.parameterStatus(name, value)
	}
	c.out, _ = (&pgproto3.BackendKeyData{ProcessID: c.pid, SecretKey: c.key[:]}).Encode(c.out)
	c.sess.OnNotice(func(e *sqlstate.Error) { c.addEvent(event{notice: e}) })
	c.sess.OnNotification(c.notify)
	c.sess.OnSetting(func(name, value string) { c.addEvent(event{name: name, value: value}) })
	c.setReadDeadline(time.Time{})
	return c.readyForQuery()
}
