//go:build !unix

package fileaccess

// noWait is Unix's; elsewhere the kind is looked at before and after opening.
const noWait = 0
