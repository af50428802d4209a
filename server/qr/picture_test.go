package qr_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/dealerbridge/dealerbridge/server/qr"
)

const (
	printed = "HTTPS://QR.CAT.COM/7QF2K9LD0M"
	itsID   = "7QF2K9LD0M"
)

// scene is how a code is photographed.
type scene struct {
	text          string // what the code holds; printed where empty
	width, height int
	module        float64 // pixels of the picture to one square of the code
	turn          float64 // degrees
	lean          float64 // how much further away the upper edge is: 0.2 is a fifth
	dark, bright  float64 // what black and white look like, 0 to 255
	shadow        float64 // how much darker the right edge is, 0 to 1
	noise         float64 // standard deviation
	specks        int     // single pixels that are black or white by chance
	dirt          float64 // share of the code's area below one smear
	inverted      bool
}

// photograph draws the scene, the same one every time.
func (s scene) photograph(t testing.TB) *image.Gray {
	t.Helper()
	text := s.text
	if text == "" {
		text = printed
	}
	code, err := qrcode.NewQRCodeWriter().Encode(text, gozxing.BarcodeFormat_QR_CODE, 0, 0, map[gozxing.EncodeHintType]any{
		gozxing.EncodeHintType_ERROR_CORRECTION: "Q",
	})
	if err != nil {
		t.Fatal(err)
	}
	n := float64(code.GetWidth())
	random := rand.New(rand.NewPCG(4, 17))
	sin, cos := math.Sincos(s.turn * math.Pi / 180)
	smear := math.Sqrt(s.dirt) * n
	grain := make([]float64, 1<<12) // drawn once: millions of pixels take their noise from here
	for i := range grain {
		grain[i] = random.NormFloat64() * s.noise
	}
	m := image.NewGray(image.Rect(0, 0, s.width, s.height))
	for y := range s.height {
		for x := range s.width {
			// Back from the picture to the code: perspective, turn, scale.
			dx, dy := float64(x)-float64(s.width)/2, float64(y)-float64(s.height)/2
			far := 1 - s.lean*dy/float64(s.height)
			dx, dy = dx*far, dy*far
			u, v := (dx*cos+dy*sin)/s.module+n/2, (dy*cos-dx*sin)/s.module+n/2
			light := 0.55 // the machine around the label
			if u >= 0 && v >= 0 && u < n && v < n {
				light = 1
				if code.Get(int(u), int(v)) {
					light = 0
				}
				if s.inverted {
					light = 1 - light
				}
				if u > n*0.45 && u < n*0.45+smear && v > n*0.45 && v < n*0.45+smear {
					light = 0.3
				}
			}
			value := s.dark + light*(s.bright-s.dark)
			value *= 1 - s.shadow*float64(x)/float64(s.width)
			value += grain[random.Uint32()%uint32(len(grain))]
			m.Pix[y*m.Stride+x] = byte(min(max(value, 0), 255))
		}
	}
	for range s.specks {
		m.SetGray(random.IntN(s.width), random.IntN(s.height), color.Gray{Y: byte(255 * random.IntN(2))})
	}
	return m
}

func asPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t testing.TB, m image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFromPicture(t *testing.T) {
	plain := scene{width: 640, height: 480, module: 8, dark: 20, bright: 230}
	with := func(change func(*scene)) scene {
		s := plain
		change(&s)
		return s
	}
	for name, s := range map[string]scene{
		"Plain":                   plain,
		"Turned":                  with(func(s *scene) { s.turn = 33 }),
		"TurnedALot":              with(func(s *scene) { s.turn = 137 }),
		"UpsideDown":              with(func(s *scene) { s.turn = 180 }),
		"LeaningBack":             with(func(s *scene) { s.lean = 0.35 }),
		"LeaningAndTurned":        with(func(s *scene) { s.lean, s.turn = 0.3, 20 }),
		"Dark":                    with(func(s *scene) { s.dark, s.bright = 4, 24 }),
		"Pale":                    with(func(s *scene) { s.dark, s.bright = 205, 240 }),
		"HalfInShadow":            with(func(s *scene) { s.shadow = 0.75 }),
		"Noisy":                   with(func(s *scene) { s.noise = 35 }),
		"WithSpecks":              with(func(s *scene) { s.specks = 15_000 }),
		"PartlyDirty":             with(func(s *scene) { s.dirt = 0.03 }),
		"LightOnDark":             with(func(s *scene) { s.inverted = true }),
		"Small":                   with(func(s *scene) { s.module = 3 }),
		"DarkNoisyTurnedAndDirty": with(func(s *scene) { s.dark, s.bright, s.noise, s.turn, s.dirt = 10, 70, 6, 15, 0.02 }),
		"OfEightMegapixelsNoisy":  {width: 3264, height: 2448, module: 36, turn: 8, dark: 30, bright: 220, noise: 40},
		"OfEightMegapixelsFarOff": {width: 3264, height: 2448, module: 12, turn: 8, dark: 30, bright: 220, noise: 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, err := qr.FromPicture(t.Context(), bytes.NewReader(asJPEG(t, s.photograph(t), 80)))
			if err != nil || id != itsID {
				t.Errorf("got %q, %v", id, err)
			}
		})
	}
	t.Run("InEveryFormOfPicture", func(t *testing.T) {
		m := plain.photograph(t)
		paletted := image.NewPaletted(m.Bounds(), color.Palette{color.Black, color.Gray{Y: 140}, color.White})
		coloured, cutout, deep := image.NewRGBA(m.Bounds()), image.NewNRGBA(m.Bounds()), image.NewGray16(m.Bounds())
		for y := range m.Rect.Max.Y {
			for x := range m.Rect.Max.X {
				g := m.GrayAt(x, y)
				paletted.Set(x, y, g)
				deep.Set(x, y, g)
				coloured.SetRGBA(x, y, color.RGBA{R: g.Y, G: g.Y, B: g.Y / 2, A: 255})
				if g.Y < 60 { // black squares on nothing
					cutout.SetNRGBA(x, y, color.NRGBA{A: 255})
				}
			}
		}
		var moving bytes.Buffer
		if err := gif.Encode(&moving, paletted, nil); err != nil {
			t.Fatal(err)
		}
		for name, raw := range map[string][]byte{
			"GIF": moving.Bytes(), "JPEG": asJPEG(t, coloured, 60), "PNG": asPNG(t, coloured), "PNGWithPalette": asPNG(t, paletted),
			"PNGOnNothing": asPNG(t, cutout), "PNGOf16Bits": asPNG(t, deep), "PNGGrey": asPNG(t, m),
			"APartOfAPicture": asPNG(t, m.SubImage(image.Rect(100, 50, 540, 430))),
		} {
			if id, err := qr.FromPicture(t.Context(), bytes.NewReader(raw)); err != nil || id != itsID {
				t.Errorf("%s: %q, %v", name, id, err)
			}
		}
	})
}

func TestFromPictureFailures(t *testing.T) {
	plain := scene{width: 320, height: 240, module: 5, dark: 20, bright: 230}
	foreign := plain
	foreign.text = "https://example.com/7QF2K9LD0M"
	word := plain
	word.text = "7QF2K9LD0M"
	ruined := plain
	ruined.dirt = 0.5
	blank := image.NewGray(image.Rect(0, 0, 200, 150))
	whole := asPNG(t, plain.photograph(t))
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"ACodeThatLeadsElsewhere":  {asPNG(t, foreign.photograph(t)), qr.ErrForeign},
		"ACodeWithoutAnAddress":    {asPNG(t, word.photograph(t)), qr.ErrNoID},
		"ACodeThatIsHalfCovered":   {asPNG(t, ruined.photograph(t)), qr.ErrNoCode},
		"APictureOfNothing":        {asPNG(t, blank), qr.ErrNoCode},
		"APictureOfOnePixel":       {asPNG(t, image.NewGray(image.Rect(0, 0, 1, 1))), qr.ErrNoCode},
		"Text":                     {[]byte("https://qr.cat.com/7QF2K9LD0M"), qr.ErrNotAPicture},
		"Nothing":                  {nil, qr.ErrNotAPicture},
		"APictureThatBreaksOff":    {whole[:len(whole)/2], qr.ErrNotAPicture},
		"APictureOfABillionPixels": {claim(whole, 100_000, 100_000), qr.ErrPictureTooLarge},
		"TooManyBytes":             {make([]byte, qr.MaxBytes+1), qr.ErrPictureTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			if id, err := qr.FromPicture(t.Context(), bytes.NewReader(c.raw)); !errors.Is(err, c.want) {
				t.Errorf("got %q, %v", id, err)
			}
		})
	}
	t.Run("LookingEndsWithTheContext", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := qr.FromPicture(ctx, bytes.NewReader(whole)); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("AReaderThatFailsIsNoPicture", func(t *testing.T) {
		broken := errors.New("the disk is gone")
		if _, err := qr.FromPicture(t.Context(), io.MultiReader(bytes.NewReader(whole[:50]), failing{broken})); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// claim is a PNG that says it has another size.
func claim(whole []byte, width, height uint32) []byte {
	raw := bytes.Clone(whole)
	const header = 8 + 8 // signature, length and name of the first chunk
	binary.BigEndian.PutUint32(raw[header:], width)
	binary.BigEndian.PutUint32(raw[header+4:], height)
	binary.BigEndian.PutUint32(raw[header+13:], crc32.ChecksumIEEE(raw[header-4:header+13]))
	return raw
}

func FuzzFromPicture(f *testing.F) {
	small := scene{width: 120, height: 100, module: 2.5, dark: 20, bright: 230}
	m := small.photograph(f)
	f.Add(asPNG(f, m))
	f.Add(asJPEG(f, m, 30))
	f.Fuzz(func(t *testing.T, raw []byte) {
		size, _, err := image.DecodeConfig(bytes.NewReader(raw))
		if err == nil && size.Width*size.Height > 100_000 {
			return // slow, and told elsewhere
		}
		if id, err := qr.FromPicture(t.Context(), bytes.NewReader(raw)); err == nil && id == "" {
			t.Fatal("neither an id nor an error")
		}
	})
}
