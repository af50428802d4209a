package pack_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/server/pack"
)

// unpacked is what the standard library reads of a packed text.
func unpacked(packed []byte) ([]byte, error) {
	in := bytes.NewReader(packed)
	r, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	r.Multistream(false)
	text, err := io.ReadAll(r)
	if err == nil && in.Len() > 0 {
		err = fmt.Errorf("%d bytes follow", in.Len())
	}
	return text, err
}

// fails says what is wrong with how a text is packed; nil: nothing.
func fails(p *pack.Packer, text []byte) error {
	packed := p.Gzip(text)
	got, err := unpacked(packed)
	switch {
	case err != nil:
		return fmt.Errorf("%d bytes: %w", len(text), err)
	case !bytes.Equal(got, text):
		return fmt.Errorf("%d bytes were unpacked to %d others", len(text), len(got))
	case len(packed) > len(text)+64+len(text)/1000:
		return fmt.Errorf("%d bytes were packed into %d", len(text), len(packed))
	}
	return nil
}

// page is a text like an answer's.
func page(rows int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for i := range rows {
		fmt.Fprintf(&b, `{"assetId":"K%04d","assetName":"Scissor lift %d","rentalTotal":%d.%02d,"serialNumber":"SN%09d","quantity":1},`,
			i, r.IntN(40), r.IntN(9000), r.IntN(100), r.IntN(1e9))
	}
	return b.Bytes()
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestGzip(t *testing.T) {
	p := new(pack.Packer) // the same for all, so that what one text leaves behind would show with the next
	t.Run("IsUnpackedToWhatWasPacked", func(t *testing.T) {
		fibonacci := []byte{} // the deepest trees there are
		for i, a, b := 0, 1, 1; i < 24; i, a, b = i+1, b, a+b {
			fibonacci = append(fibonacci, bytes.Repeat([]byte{byte(i)}, a)...)
		}
		rand.New(rand.NewPCG(5, 6)).Shuffle(len(fibonacci), func(i, j int) {
			fibonacci[i], fibonacci[j] = fibonacci[j], fibonacci[i]
		})
		for name, text := range map[string][]byte{
			"nothing": nil, "a byte": {'x'}, "two bytes": []byte("ab"), "one byte many times": bytes.Repeat([]byte{0}, 1<<20),
			"every byte": []byte(strings.Repeat("\x00\xff\x80", 7)), "noise": noise(300_000), "a page": page(500), "many pages": page(60_000),
			"far apart":       append(append(noise(32_768), noise(40_000)...), noise(32_760)...),
			"noise and pages": append(append(page(300), noise(100_000)...), page(300)...), "weights like Fibonacci's": fibonacci,
		} {
			if err := fails(p, text); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("EveryLengthIsUnpacked", func(t *testing.T) {
		text := page(40)
		for n := range 2000 {
			if err := fails(p, text[:n]); err != nil {
				t.Fatal(err)
			}
			if err := fails(p, bytes.Repeat([]byte{'a'}, n)); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("AnyPiecesInAnyOrderAreUnpacked", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			var text []byte
			for _, n := range rapid.SliceOfN(rapid.IntRange(0, 1<<16), 0, 40).Draw(t, "pieces") {
				switch piece := n % 5; {
				case piece == 0:
					text = append(text, noise(n>>6)...)
				case piece == 1:
					text = append(text, bytes.Repeat([]byte{byte(n)}, n>>4)...)
				case piece == 2 && len(text) > 0: // what was there before
					from := n % len(text)
					text = append(text, text[from:min(len(text), from+n>>3)]...)
				default:
					text = append(text, page(n>>9)...)
				}
			}
			if err := fails(p, text); err != nil {
				t.Fatal(err)
			}
		})
	})
	t.Run("PagesAreNotMuchLargerThanByTheLibrarysFastestLevel", func(t *testing.T) {
		var want bytes.Buffer
		w, err := gzip.NewWriterLevel(&want, gzip.BestSpeed)
		if err != nil {
			t.Fatal(err)
		}
		text := page(500)
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := len(p.Gzip(text)); 10*got > 11*want.Len() {
			t.Errorf("%d bytes were packed into %d, by the library into %d", len(text), got, want.Len())
		}
	})
	t.Run("RepeatsTakeHardlyAnyRoom", func(t *testing.T) {
		text := []byte(strings.Repeat("a page of contracts ", 1000))
		if got := len(p.Gzip(text)); got > len(text)/100 {
			t.Errorf("%d bytes were packed into %d", len(text), got)
		}
	})
	t.Run("NothingIsAllocatedOnceThereIsRoom", func(t *testing.T) {
		text := page(500)
		p.Gzip(text)
		if n := testing.AllocsPerRun(20, func() { p.Gzip(text) }); n > 0 {
			t.Errorf("got %v allocations, want none", n)
		}
	})
}

func FuzzGzip(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("abcabcabcabcabcabcabcabc"))
	f.Add(page(20))
	p := new(pack.Packer)
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := fails(p, text); err != nil {
			t.Error(err)
		}
		// More of the same, so that more than one block and long repeats come of it.
		if err := fails(p, bytes.Repeat(text, min(1+300_000/(1+len(text)), 1000))); err != nil {
			t.Error(err)
		}
	})
}

// BenchmarkGzip packs a page, beside the library's fastest level.
func BenchmarkGzip(b *testing.B) {
	text := page(600)
	b.Run("Ours", func(b *testing.B) {
		p := new(pack.Packer)
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			p.Gzip(text)
		}
		b.ReportMetric(float64(len(p.Gzip(text))), "packed")
	})
	b.Run("Library", func(b *testing.B) {
		var out bytes.Buffer
		w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			out.Reset()
			w.Reset(&out)
			if _, err := w.Write(text); err != nil {
				b.Fatal(err)
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(out.Len()), "packed")
	})
}
