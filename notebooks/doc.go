// Package notebooks holds the Jupyter notebooks, and the test that executes
// them headless against a server.
//
// The test keeps a Python virtual environment of its own, made from
// requirements.txt, in the user's cache directory.
package notebooks
