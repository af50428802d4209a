package qr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // one of the forms of a picture
	_ "image/jpeg" // the same
	_ "image/png"  // the same
	"io"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// Bounds of a picture, checked before anything is unpacked.
const (
	MaxBytes  = 32 << 20
	MaxPixels = 50_000_000
)

// workingSide is the longest side a picture is looked at with. A code that fills
// a reasonable part of a photograph is well readable then, and a larger one
// mostly shows its noise.
const workingSide = 2000

// FromPicture reads a picture and returns the id in the QR code on it. Tilted,
// dark, noisy and partly covered codes are found as far as the code's own error
// correction goes. Looking takes up to a few seconds; it ends with the context.
func FromPicture(ctx context.Context, r io.Reader) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("reading the picture: %w", err)
	case len(raw) > MaxBytes:
		return "", fmt.Errorf("%w: more than %d MiB", ErrPictureTooLarge, MaxBytes>>20)
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(raw))
	switch {
	case err != nil || size.Width <= 0 || size.Height <= 0:
		return "", ErrNotAPicture
	case size.Width > MaxPixels/size.Height:
		return "", fmt.Errorf("%w: %d by %d pixels, at most %d million are read", ErrPictureTooLarge, size.Width, size.Height, MaxPixels/1_000_000)
	}
	picture, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return "", fmt.Errorf("%w: it is damaged", ErrNotAPicture)
	}
	text, err := find(ctx, grey(picture))
	if err != nil {
		return "", err
	}
	return FromAddress(text)
}

// find looks for a code at several sizes, each as it is and brightened, with two
// ways of telling dark from light. What succeeds most often comes first.
func find(ctx context.Context, full plane) (string, error) {
	base := full.shrink((max(full.width, full.height) + workingSide - 1) / workingSide)
	for _, by := range []int{1, 2, 3, 4} {
		small := base.shrink(by)
		bright := small.stretch()
		for _, p := range []plane{small, bright, bright.smooth(), bright.invert()} {
			for _, binarize := range []func(gozxing.LuminanceSource) gozxing.Binarizer{
				gozxing.NewHybridBinarizer, gozxing.NewGlobalHistgramBinarizer,
			} {
				if err := ctx.Err(); err != nil {
					return "", fmt.Errorf("looking for a QR code: %w", err)
				}
				if text, err := decode(p, binarize); err == nil {
					return text, nil
				}
			}
		}
	}
	return "", ErrNoCode
}

var errDecoder = errors.New("the decoder gave up")

// decode makes one try. A panic of the library means that it found nothing.
func decode(p plane, binarize func(gozxing.LuminanceSource) gozxing.Binarizer) (text string, err error) {
	defer func() {
		if recover() != nil {
			text, err = "", errDecoder
		}
	}()
	source, err := gozxing.NewPlanarYUVLuminanceSource(p.pixels, p.width, p.height, 0, 0, p.width, p.height, false)
	if err != nil {
		return "", fmt.Errorf("preparing the picture: %w", err)
	}
	bitmap, err := gozxing.NewBinaryBitmap(binarize(source))
	if err != nil {
		return "", fmt.Errorf("preparing the picture: %w", err)
	}
	found, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{
		gozxing.DecodeHintType_TRY_HARDER:    true,
		gozxing.DecodeHintType_CHARACTER_SET: "UTF-8",
	})
	if err != nil {
		return "", err
	}
	return found.GetText(), nil
}
