package setting

// The settings of PostgreSQL that clients send and that nothing reads here, each
// with the reason. docs/sql/README.md shows this list, and a test compares them.
var _ = []*Setting{
	accepted("application_name", "", anyText, nil, true, "a label: clients see it, nothing depends on it"),
	accepted("client_encoding", "UTF8", encoding, []string{"UTF8"}, true, "text is UTF-8 everywhere"),
	accepted("standard_conforming_strings", "on", boolean, []string{"on"}, true, "backslashes are plain characters in '…'"),
	accepted("bytea_output", "hex", words("hex", "escape"), []string{"hex"}, false, "bytea is written in hexadecimal"),
	accepted("extra_float_digits", "1", between(-15, 3), []string{"1", "2", "3"}, false, "floating-point numbers are written with the digits that read back as the same value"),
	accepted("row_security", "on", boolean, nil, false, "there are no policies"),
	accepted("jit", "off", boolean, nil, false, "nothing is compiled; results do not depend on it"),
	accepted("check_function_bodies", "on", boolean, nil, false, "there are no functions with bodies"),
	accepted("default_tablespace", "", anyText, []string{""}, false, "there are no tablespaces"),
	accepted("default_table_access_method", "heap", anyText, []string{"heap"}, false, "there is one kind of table"),
}

// accepted declares a setting without effect; only are its values, nil for all.
func accepted(name, def string, parse reader, only []string, report bool, why string) *Setting {
	return add(&Setting{Name: name, Default: def, Type: "string", Only: only, Report: report, Why: why, About: "no effect: " + why, parse: parse})
}
