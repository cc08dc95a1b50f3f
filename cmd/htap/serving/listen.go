package serving

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// Off is the address of a server that is not wanted.
const Off = "off"

// Addresses are where the servers listen: host:port, or Off. Port 0 picks a
// free one.
type Addresses struct{ PG, Flight, HTTP string }

// Default are the addresses of the flags' defaults.
var Default = Addresses{PG: "127.0.0.1:5433", Flight: "127.0.0.1:5434", HTTP: "127.0.0.1:5480"}

// Listeners are open listeners; one that is off is nil.
type Listeners struct{ PG, Flight, HTTP net.Listener }

// Listen opens the listeners. An error names the flag and the address; with
// fallback a taken port is replaced by a free one instead.
func Listen(ctx context.Context, a Addresses, fallback bool) (l *Listeners, err error) {
	l = &Listeners{}
	for _, x := range []struct {
		flag, addr string
		to         *net.Listener
	}{{"--pg", a.PG, &l.PG}, {"--flight", a.Flight, &l.Flight}, {"--http", a.HTTP, &l.HTTP}} {
		if x.addr == Off {
			continue
		}
		if *x.to, err = listen(ctx, x.flag, x.addr, fallback); err != nil {
			l.Close()
			return nil, err
		}
	}
	return l, nil
}

// listen opens one listener on this machine.
func listen(ctx context.Context, flag, addr string, fallback bool) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("%s %s: not an address: give host:port, such as 127.0.0.1:0, or off", flag, addr)
	}
	if err := local(ctx, flag, addr, host); err != nil {
		return nil, err
	}
	var cfg net.ListenConfig
	ln, err := cfg.Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		if fallback {
			return cfg.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
		}
		return nil, fmt.Errorf("%s %s: the address is in use: give %s another port (0 picks a free one), or off", flag, addr, flag)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: cannot listen: %w", flag, addr, err)
	}
	return ln, nil
}

// local refuses hosts that other machines can reach.
func local(ctx context.Context, flag, addr, host string) error {
	refused := fmt.Errorf("%s %s: other machines could connect, and no passwords can be configured yet: use an address of this machine only, such as 127.0.0.1", flag, addr)
	if host == "" {
		return refused
	}
	ips, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return fmt.Errorf("%s %s: cannot find the host: %w", flag, addr, err)
	}
	for _, ip := range ips {
		if !ip.IP.IsLoopback() {
			return refused
		}
	}
	return nil
}

// Close closes listeners that are not served.
func (l *Listeners) Close() {
	for _, ln := range []net.Listener{l.PG, l.Flight, l.HTTP} {
		if ln != nil {
			_ = ln.Close()
		}
	}
}

// address is where a listener listens, Off for none.
func address(l net.Listener) string {
	if l == nil {
		return Off
	}
	return l.Addr().String()
}

// Addresses are the real addresses, with the ports that were picked.
func (l *Listeners) Addresses() Addresses {
	return Addresses{PG: address(l.PG), Flight: address(l.Flight), HTTP: address(l.HTTP)}
}

// ReadyLine is the line that tells a parent process where the servers accept.
func (a Addresses) ReadyLine() string {
	return fmt.Sprintf("ready pg=%s flight=%s http=%s", a.PG, a.Flight, a.HTTP)
}
