package lock

// Mode is the strength of a lock. Row modes are PostgreSQL's FOR KEY SHARE,
// FOR SHARE, FOR NO KEY UPDATE and FOR UPDATE; each conflicts with everything
// the weaker ones conflict with.
type Mode uint8

// The modes from weak to strong, rows' then tables'.
const (
	KeyShare Mode = iota
	Share
	NoKeyUpdate
	Update
	TableShared
	TableExclusive
	numModes
)

// conflicts is PostgreSQL's table of row lock conflicts, and shared against exclusive.
var conflicts = [numModes][numModes]bool{
	KeyShare:       {Update: true},
	Share:          {NoKeyUpdate: true, Update: true},
	NoKeyUpdate:    {Share: true, NoKeyUpdate: true, Update: true},
	Update:         {KeyShare: true, Share: true, NoKeyUpdate: true, Update: true},
	TableShared:    {TableExclusive: true},
	TableExclusive: {TableShared: true, TableExclusive: true},
}

// String returns the name that error details use.
func (m Mode) String() string {
	switch m {
	case KeyShare:
		return "key share"
	case Share:
		return "share"
	case NoKeyUpdate:
		return "no key update"
	case Update:
		return "update"
	case TableShared:
		return "table shared"
	}
	return "table exclusive"
}
