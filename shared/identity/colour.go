package identity

import (
	"math"
	"strconv"
)

// defaultColour is the colour of pools that have none of their own.
const defaultColour = "#1a56db"

// Colours returns the colour of a surface, and the colour of text on it. The surface has the given
// colour, #rrggbb, or the default colour if the given one is empty. The text is black or white,
// whichever contrasts more. The contrast is always at least 4.5 to 1, as text needs it (WCAG 2.2
// §1.4.3).
func Colours(colour string) (surface, on string) {
	light, ok := luminance(colour)
	if !ok {
		colour = defaultColour
		light, _ = luminance(colour)
	}
	if (light+0.05)/0.05 > 1.05/(light+0.05) {
		return colour, "#000000"
	}
	return colour, "#ffffff"
}

// luminance returns the relative luminance of a colour, from 0 to 1, as WCAG 2.2 defines it. It
// reports false if the colour does not have the form #rrggbb.
func luminance(colour string) (light float64, ok bool) {
	if len(colour) != len("#rrggbb") || colour[0] != '#' {
		return 0, false
	}
	rgb, err := strconv.ParseUint(colour[1:], 16, 24)
	if err != nil {
		return 0, false
	}
	for i, weight := range []float64{0.0722, 0.7152, 0.2126} {
		c := float64(rgb>>(8*i)&0xff) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		light += weight * c
	}
	return light, true
}
