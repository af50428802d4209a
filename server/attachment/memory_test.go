package attachment_test

import (
	"bytes"
	"context"
	"time"

	"github.com/dealerbridge/dealerbridge/server/attachment"
)

// memory keeps bundles in memory.
type memory struct {
	bundles map[string]kept
	open    int // spools that were neither kept nor discarded
}

type kept struct {
	attachment.Bundle
	contents []byte
}

func newMemory() *memory { return &memory{bundles: map[string]kept{}} }

type spool struct {
	keeper *memory
	bytes.Buffer
	closed bool
}

func (m *memory) Spool(context.Context) (attachment.Spool, error) {
	m.open++
	return &spool{keeper: m}, nil
}

func (s *spool) Size() int64 { return int64(s.Len()) }

func (s *spool) ReadAt(p []byte, at int64) (int, error) {
	return bytes.NewReader(s.Bytes()).ReadAt(p, at)
}

func (s *spool) Discard() error {
	if !s.closed {
		s.closed = true
		s.keeper.open--
	}
	return nil
}

func (m *memory) Keep(_ context.Context, b attachment.Bundle, contents attachment.Spool) error {
	s := contents.(*spool)
	m.bundles[b.ID] = kept{b, bytes.Clone(s.Bytes())}
	return nil
}

type opened struct{ *bytes.Reader }

func (opened) Close() error { return nil }

func (m *memory) Open(_ context.Context, dealer, id string) (attachment.Contents, error) {
	k, ok := m.bundles[id]
	if !ok || k.Dealer != dealer {
		return nil, attachment.ErrGone
	}
	return opened{bytes.NewReader(k.contents)}, nil
}

func (m *memory) Drop(_ context.Context, _, id string) error {
	delete(m.bundles, id)
	return nil
}

func (*memory) Erase(context.Context, string, string) (int, error) { return 0, nil }
func (*memory) Clear(context.Context, time.Time, int) (int, error) { return 0, nil }
