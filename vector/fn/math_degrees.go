package fn

import "math"

// The trigonometric functions of degrees are exact at the angles where they are
// rational: each quadrant is put together of a sine up to 30° and a cosine up to
// 60°, divided by their own values at the ends. This is PostgreSQL's method.

// The values at the ends, computed by the same functions that divide by them.
var (
	sin30         = math.Sin(radians(30))
	oneMinusCos60 = 1 - math.Cos(radians(60))
	asinHalf      = math.Asin(0.5)
	acosHalf      = math.Acos(0.5)
	atanOne       = math.Atan(1)
	tan45         = sinQuadrant(45) / cosQuadrant(45)
	cot45         = cosQuadrant(45) / sinQuadrant(45)
)

func sinTo30(x float64) float64 { return math.Sin(radians(x)) / sin30 / 2 }
func cosTo60(x float64) float64 { return 1 - (1-math.Cos(radians(x)))/oneMinusCos60/2 }

// sinQuadrant is the sine of 0 to 90 degrees.
func sinQuadrant(x float64) float64 {
	if x <= 30 {
		return sinTo30(x)
	}
	return cosTo60(90 - x)
}

// cosQuadrant is the cosine of 0 to 90 degrees.
func cosQuadrant(x float64) float64 {
	if x <= 60 {
		return cosTo60(x)
	}
	return sinTo30(90 - x)
}

// fold brings an angle into the first quadrant; odd and even are the signs of
// functions that change with the sine and with the cosine.
func fold(x float64) (folded, odd, even float64) {
	x, odd, even = math.Mod(x, 360), 1, 1
	if x < 0 {
		x, odd = -x, -odd
	}
	if x > 180 {
		x, odd = 360-x, -odd
	}
	if x > 90 {
		x, even = 180-x, -even
	}
	return x, odd, even
}

func sinDegrees(x float64) float64 {
	x, odd, _ := fold(x)
	return odd * sinQuadrant(x)
}

func cosDegrees(x float64) float64 {
	x, _, even := fold(x)
	return even * cosQuadrant(x)
}

func tanDegrees(x float64) float64 {
	x, odd, even := fold(x)
	return odd*even*(sinQuadrant(x)/cosQuadrant(x)/tan45) + 0 // no −0
}

func cotDegrees(x float64) float64 {
	x, odd, even := fold(x)
	return odd*even*(cosQuadrant(x)/sinQuadrant(x)/cot45) + 0
}

// asinQuadrant is the arc sine of 0 to 1 in degrees.
func asinQuadrant(x float64) float64 {
	if x <= 0.5 {
		return math.Asin(x) / asinHalf * 30
	}
	return 90 - math.Acos(x)/acosHalf*60
}

func asinDegrees(x float64) float64 {
	if x < 0 {
		return -asinQuadrant(-x)
	}
	return asinQuadrant(x)
}

func acosDegrees(x float64) float64 {
	switch {
	case x < 0:
		return 90 + asinQuadrant(-x)
	case x <= 0.5:
		return 90 - math.Asin(x)/asinHalf*30
	}
	return math.Acos(x) / acosHalf * 60
}

// atanDegrees turns an arc tangent into degrees, 45 for that of 1.
func atanDegrees(radians float64) float64 { return radians / atanOne * 45 }
