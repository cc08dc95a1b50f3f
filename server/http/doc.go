// Package http serves what operators and their tools ask a database for:
//
//	/healthz     200 while the process can answer at all
//	/readyz      200 while it accepts work: not draining, and a query runs through the engine in time
//	/metrics     Prometheus metrics, htap_… from DB.Status and go_…/process_… of the runtime
//	/api/status  the status as JSON
//	/            one page that shows it: tables, states, lag, rates
//
// Everything the page needs is embedded in the binary (assets); it fetches
// nothing from elsewhere, and its content security policy forbids it to, as it
// forbids inline scripts and styles.
//
// Server and Options are the public surface; collector is the metrics' source.
//
// Invariants: requests that name another host are refused unless Options allow
// them, because a page elsewhere could otherwise read the status through a name
// that points here. Connections, scrapes and the time of every request are
// bounded.
//
// Concurrency: a Server serves any number of requests; DB.Status is computed per
// request. Not here: SQL over HTTP, authentication (the listener is loopback's).
package http
