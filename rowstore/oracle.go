package rowstore

import (
	"sync"
	"sync/atomic"
	"time"
)

// oracle hands out timestamps. None is handed out at or above the ceiling,
// which is durable before it is used, so that no restart and no step of the
// clock gives one out twice.
type oracle struct {
	clock func() int64
	// last is the newest timestamp handed out; Store.commitMu guards it.
	last Timestamp
	// ceiling bounds what may be handed out.
	ceiling atomic.Uint64
	// extendMu serializes extensions; extending is set while one runs in the background.
	extendMu  sync.Mutex
	extending atomic.Bool
	// persist makes a ceiling durable; spawn runs a function in the background.
	persist func(ceiling Timestamp) error
	spawn   func(func())
}

// The lease is short because timestamps after a crash start at the ceiling,
// which is how far they can run ahead of the clock; and not so short that its
// writes matter.
const (
	ceilingLease  = Timestamp(3*time.Second/time.Microsecond) << counterBits
	ceilingMargin = ceilingLease / 2
)

func (o *oracle) now() Timestamp { return Timestamp(max(o.clock(), 0)) << counterBits }

// prepare makes sure that next succeeds: it waits for an extension only if the
// clock has passed the ceiling, and starts one early otherwise.
func (o *oracle) prepare() error {
	ceiling := Timestamp(o.ceiling.Load())
	now := o.now()
	if now < ceiling && ceiling-now > ceilingMargin {
		return nil
	}
	if now < ceiling {
		if o.extending.CompareAndSwap(false, true) {
			o.spawn(func() {
				defer o.extending.Store(false)
				// The next commit that needs the ceiling reports the error.
				_ = o.extend(now)
			})
		}
		return nil
	}
	return o.extend(now)
}

// extend raises the ceiling to a lease above at.
func (o *oracle) extend(at Timestamp) error {
	o.extendMu.Lock()
	defer o.extendMu.Unlock()
	target := at + ceilingLease
	if Timestamp(o.ceiling.Load()) >= target {
		return nil
	}
	if err := o.persist(target); err != nil {
		return err
	}
	o.ceiling.Store(uint64(target))
	return nil
}

// next returns a timestamp above every earlier one. ok is false if the ceiling
// is reached: release the mutex, extend, try again.
func (o *oracle) next() (ts Timestamp, ok bool) {
	ceiling := Timestamp(o.ceiling.Load())
	ts = max(o.now(), o.last+1)
	if ts >= ceiling {
		ts = o.last + 1
	}
	if ts >= ceiling {
		return 0, false
	}
	o.last = ts
	return ts, true
}
