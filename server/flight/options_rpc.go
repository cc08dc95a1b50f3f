package flight

import (
	"context"
	"fmt"
	"strings"

	"htapdb/htap"

	"github.com/apache/arrow-go/v18/arrow/flight"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
)

// optionError says why an option was not set; 0 is that it was.
type optionError = pb.SetSessionOptionsResult_ErrorValue

// SetSessionOptions sets settings by name; "catalog" can only be the one there
// is, and "schema" is the search path.
func (v *service) SetSessionOptions(ctx context.Context, req *flight.SetSessionOptionsRequest) (*flight.SetSessionOptionsResult, error) {
	cs := sessionOf(ctx)
	u, err := cs.acquire(nil)
	if err != nil {
		return nil, toStatus(ctx, err)
	}
	defer u.release()
	res := &flight.SetSessionOptionsResult{Errors: map[string]*flight.SetSessionOptionsResultError{}}
	for name, option := range req.GetSessionOptions() {
		if code := cs.setOption(u, strings.ToLower(name), optionText(option)); code != flight.SetSessionOptionsResultErrorUnspecified {
			res.Errors[name] = &flight.SetSessionOptionsResultError{Value: code}
		}
	}
	return res, nil
}

// setOption sets one option; a nil value resets it.
func (cs *clientSession) setOption(u *unit, name string, value *string) (code optionError) {
	switch name {
	case "catalog":
		if value != nil && *value != theName {
			return flight.SetSessionOptionsResultErrorInvalidValue
		}
		return flight.SetSessionOptionsResultErrorUnspecified
	case "schema":
		name = "search_path"
	}
	if value == nil {
		cs.forgetSetting(name)
		return flight.SetSessionOptionsResultErrorUnspecified
	}
	err := u.do(func(s *htap.Session) error {
		if _, err := s.Setting(name); err != nil && !strings.Contains(name, ".") {
			code = flight.SetSessionOptionsResultErrorInvalidName
			return err
		}
		if err := s.Set(name, *value); err != nil {
			code = flight.SetSessionOptionsResultErrorInvalidValue
			return err
		}
		return nil
	})
	if err != nil {
		return code
	}
	cs.keepSetting(u, name)
	return flight.SetSessionOptionsResultErrorUnspecified
}

// optionText is an option's value as SET takes it, nil for none.
func optionText(o *flight.SessionOptionValue) *string {
	var text string
	switch o.GetOptionValue().(type) {
	case nil:
		return nil
	case *pb.SessionOptionValue_StringListValue_:
		text = strings.Join(o.GetStringListValue().GetValues(), ", ")
	case *pb.SessionOptionValue_BoolValue:
		text = map[bool]string{true: "on", false: "off"}[o.GetBoolValue()]
	case *pb.SessionOptionValue_Int64Value:
		text = fmt.Sprint(o.GetInt64Value())
	case *pb.SessionOptionValue_DoubleValue:
		text = fmt.Sprint(o.GetDoubleValue())
	default:
		text = o.GetStringValue()
	}
	return &text
}

// shownOptions are settings that GetSessionOptions tells even when unchanged.
var shownOptions = []string{"htap.route", "htap.freshness", "htap.freshness_timeout", "timezone", "search_path"}

// GetSessionOptions returns the catalog, the schema and the settings.
func (v *service) GetSessionOptions(ctx context.Context, _ *flight.GetSessionOptionsRequest) (*flight.GetSessionOptionsResult, error) {
	cs := sessionOf(ctx)
	u, err := cs.acquire(nil)
	if err != nil {
		return nil, toStatus(ctx, err)
	}
	defer u.release()
	values := map[string]any{"catalog": theName, "schema": "public"}
	cs.mu.Lock()
	for name, value := range cs.settings {
		values[name] = value
	}
	cs.mu.Unlock()
	err = u.do(func(s *htap.Session) error {
		for _, name := range shownOptions {
			if value, err := s.Setting(name); err == nil {
				values[name] = value
			}
		}
		return nil
	})
	if err != nil {
		return nil, toStatus(ctx, err)
	}
	if path, ok := values["search_path"].(string); ok {
		for _, schema := range strings.Split(path, ",") {
			if schema = strings.Trim(schema, ` "`); schema != "$user" && schema != "" {
				values["schema"] = schema
				break
			}
		}
	}
	options, err := flight.NewSessionOptionValues(values)
	return &flight.GetSessionOptionsResult{SessionOptions: options}, err
}

// CloseSession ends the call's session with what it has open. The session of a
// connection begins anew with its next call.
func (v *service) CloseSession(ctx context.Context, _ *flight.CloseSessionRequest) (*flight.CloseSessionResult, error) {
	cs := sessionOf(ctx)
	v.tokens.dropWhere(func(x *clientSession) bool { return x == cs })
	if conn, ok := ctx.Value(connectionKey{}).(*connection); ok {
		conn.mu.Lock()
		mine := conn.session == cs
		if mine {
			conn.session = nil
		}
		conn.mu.Unlock()
		if mine {
			v.anonymous.Add(-1)
			cs.close()
		}
	}
	return &flight.CloseSessionResult{Status: flight.CloseSessionResultClosed}, nil
}
