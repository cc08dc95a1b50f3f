package vector

// Code is what narrow storage lanes and dictionary codes are.
type Code interface{ ~uint8 | ~uint16 | ~uint32 }

// Unpack stores base + src[i] in dst[i], in wrapping arithmetic of dst's width:
// the decoding of frame-of-reference lanes, and with base 0 the widening of
// codes. dst has at least len(src) elements; they do not overlap.
func Unpack[D Int, S Code](dst []D, src []S, base D) {
	dst = dst[:len(src)]
	unpack(dst, src, base)
}

// UnpackSel is Unpack for the rows sel only, each at its own index; the other
// elements of dst keep their values.
func UnpackSel[D Int, S Code](dst []D, src []S, base D, sel []int32) {
	dst = dst[:len(src)]
	for _, r := range sel {
		dst[r] = base + D(src[r])
	}
}

func unpackGo[D Int, S Code](dst []D, src []S, base D) {
	dst = dst[:len(src)]
	for i, x := range src {
		dst[i] = base + D(x)
	}
}
