package qr

import (
	"image"
	"image/color"
	"slices"
)

// plane is a picture in shades of grey, a byte each, row by row.
type plane struct {
	width, height int
	pixels        []byte
}

// grey takes the brightness of a picture. What is transparent counts as white.
func grey(from image.Image) plane {
	b := from.Bounds()
	p := plane{width: b.Dx(), height: b.Dy(), pixels: make([]byte, b.Dx()*b.Dy())}
	row := func(y int) []byte { return p.pixels[y*p.width : (y+1)*p.width] }
	switch m := from.(type) {
	case *image.YCbCr: // photographs: the brightness is there already
		for y := range p.height {
			copy(row(y), m.Y[m.YOffset(b.Min.X, b.Min.Y+y):])
		}
	case *image.Gray:
		for y := range p.height {
			copy(row(y), m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):])
		}
	case *image.Paletted:
		shades := make([]byte, 256)
		for i, c := range m.Palette {
			shades[i%256] = shade(c)
		}
		for y := range p.height {
			indexes := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):]
			for x, to := 0, row(y); x < p.width; x++ {
				to[x] = shades[indexes[x]]
			}
		}
	default:
		for y := range p.height {
			for x, to := 0, row(y); x < p.width; x++ {
				to[x] = shade(from.At(b.Min.X+x, b.Min.Y+y))
			}
		}
	}
	return p
}

// shade is the brightness of a colour on white.
func shade(c color.Color) byte {
	r, g, b, a := c.RGBA()
	white := 0xffff - a
	return byte((299*(r+white) + 587*(g+white) + 114*(b+white)) / 1000 >> 8)
}

// shrink makes every square of so many pixels one, of their average.
func (p plane) shrink(by int) plane {
	if by <= 1 || p.width < by || p.height < by {
		return p
	}
	to := plane{width: p.width / by, height: p.height / by}
	to.pixels = make([]byte, to.width*to.height)
	sums := make([]int, to.width)
	for y := range to.height {
		clear(sums)
		for dy := range by {
			row := p.pixels[(y*by+dy)*p.width:]
			for x := range sums {
				for dx := range by {
					sums[x] += int(row[x*by+dx])
				}
			}
		}
		for x, sum := range sums {
			to.pixels[y*to.width+x] = byte(sum / (by * by))
		}
	}
	return to
}

// stretch spreads the shades over the whole range, the darkest and brightest
// hundredth left aside, so that a dark picture has contrast again.
func (p plane) stretch() plane {
	var count [256]int
	for _, v := range p.pixels {
		count[v]++
	}
	aside := len(p.pixels) / 100
	low, high := 0, 255
	for n := count[low]; n <= aside && low < 255; n += count[low] {
		low++
	}
	for n := count[high]; n <= aside && high > 0; n += count[high] {
		high--
	}
	if high <= low {
		return p
	}
	var shades [256]byte
	for v := range shades {
		shades[v] = byte(255 * (min(max(v, low), high) - low) / (high - low))
	}
	to := plane{width: p.width, height: p.height, pixels: make([]byte, len(p.pixels))}
	for i, v := range p.pixels {
		to.pixels[i] = shades[v]
	}
	return to
}

// smooth gives every pixel the median of itself and its neighbours, which takes
// single wrong pixels out and leaves edges where they are.
func (p plane) smooth() plane {
	to := plane{width: p.width, height: p.height, pixels: slices.Clone(p.pixels)}
	var near [9]byte
	for y := 1; y < p.height-1; y++ {
		for x := 1; x < p.width-1; x++ {
			for dy := range 3 {
				at := (y+dy-1)*p.width + x - 1
				copy(near[3*dy:], p.pixels[at:at+3])
			}
			slices.Sort(near[:])
			to.pixels[y*p.width+x] = near[4]
		}
	}
	return to
}

// invert turns dark and light round, for codes printed light on dark.
func (p plane) invert() plane {
	to := plane{width: p.width, height: p.height, pixels: make([]byte, len(p.pixels))}
	for i, v := range p.pixels {
		to.pixels[i] = 255 - v
	}
	return to
}
