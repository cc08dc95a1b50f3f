package colstore

// mangle overwrites the memory behind the last batch that the reader owns:
// selection, flat elements and codes. Dictionaries, chunks and mapped bytes are
// not the reader's, and stay.
func (r *Reader) mangle() {
	overwrite(r.sel, -1)
	for _, v := range r.scratch {
		overwrite(v.Bool, 0xee)
		overwrite(v.I16, -0x1112)
		overwrite(v.I32, -0x11111112)
		overwrite(v.I64, -0x1111111111111112)
		overwrite(v.F32, -1e30)
		overwrite(v.F64, -1e300)
		overwrite(v.Str, "\xeemangled")
		overwrite(v.Codes, 0xeeeeeeee)
	}
}

// overwrite sets every element, up to the capacity.
func overwrite[T any](s []T, x T) {
	s = s[:cap(s)]
	for i := range s {
		s[i] = x
	}
}
