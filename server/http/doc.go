// Package http serves what operators and their tools ask a database for:
//
//	/healthz     200 while the process can answer at all
//	/readyz      200 while it accepts work: not draining, and a query runs through the engine in time
//	/metrics     Prometheus metrics, htap_… from DB.Status and go_…/process_… of the runtime
//	/api/status  the status as JSON
//	/            one page that shows it: tables, states, lag, rates
//
// Everything the page needs is embedded in the binary; it fetches nothing from
// elsewhere, and its content security policy forbids it to.
//
// Concurrency: a Server serves any number of requests; DB.Status is computed per
// request. Not here: SQL over HTTP, authentication (the listener is loopback's).
package http
