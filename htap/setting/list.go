package setting

import (
	"strconv"
	"time"

	"htapdb/sql/types"
	"htapdb/vector"
)

// Version is the engine's version.
const Version = "0.1.0"

// ServerVersion is what clients that look for a PostgreSQL version see.
const ServerVersion = "15.0 (htapdb " + Version + ")"

// The engine's own settings.
var (
	Route            = enum("htap.route", "auto", "which copy of a table scans read", "auto", "row", "column")
	Freshness        = declare[time.Duration](Setting{Name: "htap.freshness", Default: "exact", Type: "string", About: "'exact', or how old an analytic answer may be"}, freshness)
	FreshnessTimeout = duration("htap.freshness_timeout", "30s", "how long a query waits for fresh columns")
	MemoryLimit      = declare[int64](Setting{Name: "htap.memory_limit", Default: "0", Type: "string", About: "memory of one query, 0 for the database's limit"}, bytesText)
	Workers          = integer("htap.workers", "0", 0, 1024, "worker threads of one query, 0 for all")
	BatchSize        = integer("htap.batch_size", strconv.Itoa(vector.MaxBatch), 1, vector.MaxBatch, "rows of a batch")
	Optimizer        = onOff("htap.optimizer", "on", "whether plans are optimized")
)

// PostgreSQL's settings that sessions change.
var (
	SynchronousCommit  = declare[bool](Setting{Name: "synchronous_commit", Default: "on", Type: "enum", About: "whether a commit waits until it is durable"}, syncCommit)
	StatementTimeout   = duration("statement_timeout", "0", "how long a statement may run, 0 for ever")
	LockTimeout        = duration("lock_timeout", "0", "how long a statement waits for a lock, 0 for ever")
	IdleInTransaction  = duration("idle_in_transaction_session_timeout", "0", "how long a session may do nothing in a transaction, 0 for ever")
	IdleSession        = duration("idle_session_timeout", "0", "how long a session may do nothing outside a transaction, 0 for ever")
	DefaultIsolation   = enum("default_transaction_isolation", "read committed", "isolation of the next transactions", Isolations...)
	DefaultReadOnly    = declare[bool](Setting{Name: "default_transaction_read_only", Default: "off", Type: "bool", Report: true, About: "whether the next transactions only read"}, boolean)
	DateStyle          = declare[types.DateStyle](Setting{Name: "DateStyle", Default: "ISO, MDY", Type: "string", List: true, Report: true, complete: fullDateStyle, About: "how dates are written, and the order of ambiguous ones"}, dateStyle)
	IntervalStyle      = declare[types.IntervalStyle](Setting{Name: "IntervalStyle", Default: "postgres", Type: "enum", Report: true, About: "how intervals are written"}, intervalStyle)
	TimeZone           = declare[string](Setting{Name: "TimeZone", Default: "UTC", Type: "string", Report: true, About: "time zone of timestamps with time zone in text"}, zone)
	SearchPath         = declare[*Path](Setting{Name: "search_path", Default: defaultPath, Type: "string", List: true, Names: true, About: "schemas of names that are given without one"}, searchPath)
	ClientMinMessages  = enum("client_min_messages", "notice", "the least severe notices that are sent", messageLevels...)
	TransactionLevel   = declare[string](Setting{Name: "transaction_isolation", Default: "read committed", Type: "enum", Scope: Transaction, About: "isolation of the transaction in progress"}, words(Isolations...))
	TransactionReading = declare[bool](Setting{Name: "transaction_read_only", Default: "off", Type: "bool", Scope: Transaction, About: "whether the transaction in progress only reads"}, boolean)
)

// SIMD is the level of the process: kernels read one variable, and a session that
// changed it would slow the others down.
var SIMD = add(&Setting{Name: "htap.simd", Default: "auto", Type: "enum", Scope: Start, About: "SIMD level of the process",
	parse: words("auto", "go", "avx2", "avx512"), shown: vector.SIMDLevel})

// What clients may only read.
var (
	_ = fixed("server_version", ServerVersion, true)
	_ = fixed("server_version_num", "150000", false)
	_ = fixed("server_encoding", "UTF8", true)
	_ = fixed("integer_datetimes", "on", true)
	_ = fixed("is_superuser", "on", true)
	_ = fixed("session_authorization", "htap", true)
	_ = fixed("in_hot_standby", "off", true)
	_ = fixed("max_identifier_length", "63", false)
)

// Isolations are the names of isolation levels.
var Isolations = []string{"read committed", "repeatable read", "read uncommitted", "serializable"}

// messageLevels are those of client_min_messages from chatty to quiet.
var messageLevels = []string{"debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"}

// declare adds a setting whose reader gives values of the type T.
func declare[T any](s Setting, parse reader) Var[T] {
	s.parse = parse
	return Var[T]{add(&s)}
}

func enum(name, def, about string, values ...string) Var[string] {
	return declare[string](Setting{Name: name, Default: def, Type: "enum", About: about}, words(values...))
}

func duration(name, def, about string) Var[time.Duration] {
	return declare[time.Duration](Setting{Name: name, Default: def, Type: "integer", Unit: "ms", About: about}, durationText)
}

func integer(name, def string, lo, hi int, about string) Var[int] {
	return declare[int](Setting{Name: name, Default: def, Type: "integer", About: about}, between(lo, hi))
}

func onOff(name, def, about string) Var[bool] {
	return declare[bool](Setting{Name: name, Default: def, Type: "bool", About: about}, boolean)
}

func fixed(name, value string, report bool) *Setting {
	return add(&Setting{Name: name, Default: value, Type: "string", Scope: Fixed, Report: report, parse: anyText})
}
