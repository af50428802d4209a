package token_test

import (
	"context"
	"errors"
	"sort"
	"sync"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/handclock"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// shelf keeps clients and keys in memory and can be told to fail.
type shelf struct {
	mu      sync.Mutex
	clients map[string]token.Client
	keys    []token.SigningKey
	broken  bool
}

var errBroken = errors.New("disk on fire at /private/path")

func newShelf() *shelf { return &shelf{clients: map[string]token.Client{}} }

func (s *shelf) setBroken(b bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = b
}

func (s *shelf) enter() (func(), error) {
	s.mu.Lock()
	if s.broken {
		s.mu.Unlock()
		return nil, errBroken
	}
	return s.mu.Unlock, nil
}

func (s *shelf) Client(_ context.Context, id string) (token.Client, error) {
	leave, err := s.enter()
	if err != nil {
		return token.Client{}, err
	}
	defer leave()
	c, ok := s.clients[id]
	if !ok {
		return token.Client{}, token.ErrUnknownClient
	}
	return c, nil
}

func (s *shelf) Clients(context.Context) ([]token.Client, error) {
	leave, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	var list []token.Client
	for _, c := range s.clients {
		list = append(list, c)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].ID < list[j].ID })
	return list, nil
}

func (s *shelf) AddClient(_ context.Context, c token.Client) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	if _, taken := s.clients[c.ID]; taken {
		return token.ErrClientExists
	}
	s.clients[c.ID] = c
	return nil
}

func (s *shelf) UpdateClient(_ context.Context, c token.Client) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	if _, ok := s.clients[c.ID]; !ok {
		return token.ErrUnknownClient
	}
	s.clients[c.ID] = c
	return nil
}

func (s *shelf) SigningKeys(context.Context) ([]token.SigningKey, error) {
	leave, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	return append([]token.SigningKey(nil), s.keys...), nil
}

func (s *shelf) AddSigningKey(_ context.Context, k token.SigningKey) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	s.keys = append([]token.SigningKey{k}, s.keys...)
	return nil
}

func (s *shelf) DropSigningKeys(_ context.Context, before time.Time) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	kept := s.keys[:0]
	for _, k := range s.keys {
		if !k.Created.Before(before) {
			kept = append(kept, k)
		}
	}
	s.keys = kept
	return nil
}

func newClock() *handclock.Clock { return handclock.At(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)) }
