package htap

import (
	"htapdb/htap/physical"
	"htapdb/internal/fileaccess"
)

// fileAccess is the policy as physical.FileOpener.
type fileAccess struct{ fileaccess.Policy }

// Open implements physical.FileOpener.
func (a *fileAccess) Open(path string) (physical.OpenFile, error) {
	f, err := a.Policy.Open(path)
	if err != nil {
		return nil, err
	}
	return f, nil
}
