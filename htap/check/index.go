package check

import (
	"fmt"
	"strings"

	"htapdb/rowstore"
)

// indexDifferences describes what an audit of the secondary indexes has found,
// empty if they agree with the rows.
func (c *comparison) indexDifferences(audit *rowstore.IndexAudit) (string, error) {
	found, err := audit.Differences(c.x.Ctx)
	if err != nil {
		return "", err
	}
	var texts []string
	for _, d := range found {
		if d.Missing > 0 {
			texts = append(texts, fmt.Sprintf("index %q has no entry of %d of %d rows, the first is %s", d.Index, d.Missing, d.Rows,
				c.rowName(d.FirstMissingKey, d.FirstMissing.RowID())))
		}
		if d.Superfluous > 0 {
			texts = append(texts, fmt.Sprintf("index %q has %d of %d entries that no row has, the first is %s %s", d.Index, d.Superfluous, d.Entries,
				d.FirstSuperfluous, c.entryOf(d.FirstSuperfluousKey)))
		}
	}
	return strings.Join(texts, "; "), nil
}

// entryOf names the row that an entry leads to by its primary key.
func (c *comparison) entryOf(key rowstore.Key) string {
	if key == nil {
		return "that leads nowhere"
	}
	if name, ok := c.keyName(key); ok {
		return "of the row with " + name
	}
	return "of a row with a key that cannot be read"
}
