//go:build race

package rowstore

// raceEnabled shortens the tests that the race detector makes too slow.
const raceEnabled = true
