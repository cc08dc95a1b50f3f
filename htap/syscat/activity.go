package syscat

// SessionInfo is a row of pg_stat_activity.
type SessionInfo struct {
	// ID is pg_backend_pid() in the session.
	ID int64
	// Since is when it began, in µs of the Unix epoch.
	Since int64
}

// activityRows are the sessions. What they run is not tracked, which PostgreSQL shows
// in this way, too.
func activityRows(x *reader, add rowAdder) {
	for _, s := range x.env.Sessions() {
		add("datid", oidDatabase, "datname", "htap", "pid", s.ID, "usesysid", oidRole, "usename", "htap", "backend_start", s.Since,
			"state", "disabled", "query", "", "backend_type", "client backend")
	}
}

// gssRows are the sessions: none is authenticated or encrypted by GSSAPI.
func gssRows(x *reader, add rowAdder) {
	for _, s := range x.env.Sessions() {
		add("pid", s.ID)
	}
}
