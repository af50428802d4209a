package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/server/messaging"
	"github.com/dealerbridge/dealerbridge/server/request"
	"github.com/dealerbridge/dealerbridge/server/store"
)

func TestRequests(t *testing.T) {
	exerciseRequests(t, func(t *testing.T) *store.Store {
		return openAt(t, store.Options{Path: t.TempDir() + "/state.db"})
	})
}

// aRequest is one that has a partner's id, a history and odd letters.
func aRequest(id string) messaging.KeptRequest {
	return messaging.KeptRequest{Record: request.Record{
		ID: id, PartnerID: "c-" + id, Dealer: "D100", Customer: "0001007", Type: request.Service, Status: request.Received, Origin: request.Partner,
		Request: json.RawMessage(`{"text":"naïve 東 <b>'\\","properties":{"isWorking":true}}`), StartedBy: "in-1", Created: noon, Changed: noon,
		Updates: []request.Update{{Side: request.Own, Status: request.Received, MessageID: "m-1", At: noon, Body: json.RawMessage(`{"status":"received"}`)}},
	}}
}

func aChain(id string) messaging.KeptChain {
	return messaging.KeptChain{Chain: request.Chain{
		ID: id, PartnerID: "c-" + id, Dealer: "D100", Customer: "0001007", Contract: "K-1", Asset: request.Asset{SerialNumber: "ZZT1"}, Active: true,
		Head: json.RawMessage(`{"chainType":"asset"}`), Lines: []request.Line{{Side: request.Own, At: noon, CreatedBy: "local:x", Text: "東"}}, Created: noon, Changed: noon,
	}}
}

// exerciseRequests is what every engine must do alike for package messaging.
func exerciseRequests(t *testing.T, open func(t *testing.T) *store.Store) {
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Run("ARequestIsFoundByAllItsNames", func(t *testing.T) {
		s, want := open(t), aRequest("r1")
		must(t, s.SaveRequest(t.Context(), want, "m-1", "m-2"))
		want.Version = 1
		for name, find := range map[string]func(context.Context, string, string) (messaging.KeptRequest, error){
			"r1": s.Request, "c-r1": s.RequestByPartner, "m-1": s.RequestByMessage, "m-2": s.RequestByMessage,
		} {
			got, err := find(t.Context(), "D100", name)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%s: %v %s", name, err, diff)
			}
			for _, almost := range []string{strings.ToUpper(name), name + " ", name + "%", "' or '1'='1", ""} {
				if _, err := find(t.Context(), "D100", almost); !errors.Is(err, messaging.ErrUnknown) {
					t.Errorf("%q: %v", almost, err)
				}
			}
			if _, err := find(t.Context(), "D200", name); !errors.Is(err, messaging.ErrUnknown) {
				t.Errorf("%s of another dealer: %v", name, err)
			}
		}
	})
	t.Run("AnOlderVersionIsErrConflict", func(t *testing.T) {
		s, r := open(t), aRequest("r1")
		must(t, s.SaveRequest(t.Context(), r))
		if err := s.SaveRequest(t.Context(), r); !errors.Is(err, messaging.ErrConflict) {
			t.Errorf("made twice: %v", err)
		}
		r.Version, r.Status = 1, request.Closed
		must(t, s.SaveRequest(t.Context(), r))
		if err := s.SaveRequest(t.Context(), r); !errors.Is(err, messaging.ErrConflict) {
			t.Errorf("an old version: %v", err)
		}
		twin := aRequest("r2")
		twin.PartnerID = r.PartnerID
		if err := s.SaveRequest(t.Context(), twin); !errors.Is(err, messaging.ErrConflict) {
			t.Errorf("two with one partner's id: %v", err)
		}
		for _, id := range []string{"r3", "r4"} { // without one there may be many
			unpaired := aRequest(id)
			unpaired.PartnerID = ""
			must(t, s.SaveRequest(t.Context(), unpaired))
		}
	})
	t.Run("NobodysChangeIsLost", func(t *testing.T) {
		s := open(t)
		must(t, s.SaveRequest(t.Context(), aRequest("r1")))
		const people = 8
		var all sync.WaitGroup
		for i := range people {
			all.Go(func() {
				for {
					err := s.Together(t.Context(), func(ctx context.Context) error {
						r, err := s.Request(ctx, "D100", "r1")
						if err != nil {
							return err
						}
						r.Updates = append(r.Updates, request.Update{Source: fmt.Sprint(i), Body: json.RawMessage(`{}`)})
						return s.SaveRequest(ctx, r)
					})
					if err == nil {
						return
					}
				}
			})
		}
		all.Wait()
		if r, err := s.Request(t.Context(), "D100", "r1"); err != nil || len(r.Updates) != people+1 {
			t.Errorf("%d updates, %v", len(r.Updates), err)
		}
	})
	t.Run("ListsGoInPagesTheLastChangedFirst", func(t *testing.T) {
		s := open(t)
		for i := range 7 {
			r := aRequest(fmt.Sprintf("r%d", i))
			r.Changed = noon.Add(time.Duration(i/2) * time.Minute) // some at the same time
			if i == 3 {
				r.Status, r.Type = request.Closed, request.Transfer
			}
			if i == 4 {
				r.Customer = "0001008"
			}
			must(t, s.SaveRequest(t.Context(), r))
		}
		list := func(f messaging.Filter) (ids []string) {
			for {
				page, next, err := s.Requests(t.Context(), f)
				must(t, err)
				for _, r := range page {
					ids = append(ids, r.ID)
				}
				if f.Before = next; next == "" {
					return ids
				}
			}
		}
		for _, c := range []struct {
			f    messaging.Filter
			want []string
		}{
			{messaging.Filter{Dealer: "D100", Most: 2}, []string{"r6", "r5", "r4", "r3", "r2", "r1", "r0"}},
			{messaging.Filter{Dealer: "D100", Most: 3, Open: true, Customer: "0001007"}, []string{"r6", "r5", "r2", "r1", "r0"}},
			{messaging.Filter{Types: []request.Type{request.Transfer, request.Lead}}, []string{"r3"}},
			{messaging.Filter{Statuses: []request.Status{request.Received}, Customer: "0001008"}, []string{"r4"}},
			{messaging.Filter{Dealer: "D200"}, nil},
		} {
			if diff := cmp.Diff(c.want, list(c.f)); diff != "" {
				t.Errorf("%+v: %s", c.f, diff)
			}
		}
	})
	t.Run("ConversationsAreFoundByTheirPlaceToo", func(t *testing.T) {
		s, ended, want := open(t), aChain("a1"), aChain("a2")
		ended.Active = false
		want.PartnerID = ""
		must(t, s.SaveChain(t.Context(), want, "m-9"))
		must(t, s.SaveChain(t.Context(), ended))
		want.Version = 1
		for _, find := range []func() (messaging.KeptChain, error){
			func() (messaging.KeptChain, error) { return s.Chain(t.Context(), "D100", "a2") },
			func() (messaging.KeptChain, error) { return s.ChainByPlace(t.Context(), "D100", want.Where()) },
			func() (messaging.KeptChain, error) { return s.ChainByMessage(t.Context(), "D100", "m-9") },
		} {
			got, err := find()
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
		}
		if got, err := s.ChainByPartner(t.Context(), "D100", "c-a1"); err != nil || got.ID != "a1" {
			t.Errorf("%v %v", got, err)
		}
		if _, err := s.RequestByMessage(t.Context(), "D100", "m-9"); !errors.Is(err, messaging.ErrUnknown) {
			t.Errorf("a conversation's message led to a request: %v", err)
		}
		if err := s.SaveChain(t.Context(), ended); !errors.Is(err, messaging.ErrConflict) {
			t.Errorf("got %v", err)
		}
		page, _, err := s.Chains(t.Context(), messaging.Filter{Dealer: "D100", Open: true})
		if err != nil || len(page) != 1 || page[0].ID != "a2" {
			t.Errorf("%v %v", page, err)
		}
	})
	t.Run("AMarkGoesOnlyFromWhereItWas", func(t *testing.T) {
		s := open(t)
		if got, err := s.MessageMark(t.Context(), "D100", "moves"); err != nil || got != "" {
			t.Errorf("%q %v", got, err)
		}
		must(t, s.SetMessageMark(t.Context(), "D100", "moves", "", "7"))
		must(t, s.SetMessageMark(t.Context(), "D100", "moves", "7", "8"))
		for _, from := range []string{"", "7"} {
			if err := s.SetMessageMark(t.Context(), "D100", "moves", from, "9"); !errors.Is(err, messaging.ErrConflict) {
				t.Errorf("from %q: %v", from, err)
			}
		}
		if got, _ := s.MessageMark(t.Context(), "D100", "moves"); got != "8" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("WhatIsErasedIsGoneWithItsNames", func(t *testing.T) {
		s, other := open(t), aRequest("r2")
		other.Customer = "0001008"
		must(t, s.SaveRequest(t.Context(), aRequest("r1"), "m-1"))
		must(t, s.SaveRequest(t.Context(), other, "m-2"))
		must(t, s.SaveChain(t.Context(), aChain("a1"), "m-3"))
		if n, err := s.EraseMessages(t.Context(), "D100", "0001007"); err != nil || n != 2 {
			t.Errorf("%d, %v", n, err)
		}
		for _, message := range []string{"m-1", "m-3"} {
			if _, err := s.RequestByMessage(t.Context(), "D100", message); !errors.Is(err, messaging.ErrUnknown) {
				t.Errorf("%s: %v", message, err)
			}
		}
		if _, err := s.RequestByMessage(t.Context(), "D100", "m-2"); err != nil {
			t.Errorf("another customer's is gone: %v", err)
		}
		must(t, s.EraseRequest(t.Context(), "D100", "r2"))
		if err := s.EraseRequest(t.Context(), "D100", "r2"); !errors.Is(err, messaging.ErrUnknown) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("OldOnesAreClearedWhenNothingCanHappenToThem", func(t *testing.T) {
		s := open(t)
		for i, status := range []request.Status{request.Closed, request.Received, request.Closed, request.Closed} {
			r := aRequest(fmt.Sprintf("r%d", i))
			r.Status = status
			if i == 3 {
				r.Changed = noon.Add(time.Hour)
			}
			must(t, s.SaveRequest(t.Context(), r))
		}
		must(t, s.SaveChain(t.Context(), aChain("a1")))
		var gone []int64
		for {
			n, err := s.ClearMessages(t.Context(), noon.Add(time.Minute), 1)
			must(t, err)
			if n == 0 {
				break
			}
			gone = append(gone, n)
		}
		if diff := cmp.Diff([]int64{2, 1}, gone); diff != "" {
			t.Error(diff)
		}
		left, _, err := s.Requests(t.Context(), messaging.Filter{})
		if err != nil || len(left) != 2 {
			t.Errorf("%d left, %v", len(left), err)
		}
	})
}
