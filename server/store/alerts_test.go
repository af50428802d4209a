package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dealerbridge/dealerbridge/server/alert"
	"github.com/dealerbridge/dealerbridge/server/store"
)

func TestAlerts(t *testing.T) {
	exerciseAlerts(t, func(t *testing.T) *store.Store {
		return openAt(t, store.Options{Path: t.TempDir() + "/state.db"})
	})
}

// exerciseAlerts is what every engine must do alike for package alert.
func exerciseAlerts(t *testing.T, open func(t *testing.T) *store.Store) {
	parked := alert.Alert{
		Dealer: "D100", Cause: "lead-update-parked", Title: "Updates were refused", Subject: "lead 7'\\", Detail: "status 400",
		Command: "dealerbridge leads replay 7", Topic: alert.Topic{Request: "service", Location: "東 1"},
	}
	ids := func(list []alert.Kept) (out []int64) {
		for _, k := range list {
			out = append(out, k.ID)
		}
		return out
	}
	t.Run("WhatIsKeptComesBackUntilItsMailWent", func(t *testing.T) {
		s := open(t)
		if err := s.KeepAlert(t.Context(), parked, noon); err != nil {
			t.Fatal(err)
		}
		got, err := s.WaitingAlerts(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		want := []alert.Kept{{Alert: parked, At: noon}}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(alert.Kept{}, "ID")); diff != "" {
			t.Error(diff)
		}
		if err := s.Mailed(t.Context(), "D100", parked.Cause, "p", ids(got), noon.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if left, err := s.WaitingAlerts(t.Context(), 10); err != nil || len(left) != 0 {
			t.Errorf("%v %v", left, err)
		}
		at, err := s.LastMail(t.Context(), "D100", parked.Cause, "p")
		if err != nil || !at.Equal(noon.Add(time.Minute)) {
			t.Errorf("%v %v", at, err)
		}
		at, err = s.LastMail(t.Context(), "D100", parked.Cause, "others")
		if err != nil || !at.IsZero() {
			t.Errorf("%v %v", at, err)
		}
	})
	t.Run("ANewAlertOnTheSameSubjectOutlivesTheMailOfTheOldOne", func(t *testing.T) {
		s := open(t)
		if err := s.KeepAlert(t.Context(), parked, noon); err != nil {
			t.Fatal(err)
		}
		first, err := s.WaitingAlerts(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		again := parked
		again.Detail = "status 403"
		if err := s.KeepAlert(t.Context(), again, noon.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := s.Mailed(t.Context(), "D100", parked.Cause, "p", ids(first), noon); err != nil {
			t.Fatal(err)
		}
		got, err := s.WaitingAlerts(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		want := []alert.Kept{{Alert: again, At: noon}}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(alert.Kept{}, "ID")); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("LongTextsAreCutAndNotLost", func(t *testing.T) {
		s := open(t)
		long := parked
		long.Subject, long.Detail = strings.Repeat("ä", 1000), strings.Repeat("€", 20000)+"\xff"
		if err := s.KeepAlert(t.Context(), long, noon); err != nil {
			t.Fatal(err)
		}
		got, err := s.WaitingAlerts(t.Context(), 10)
		if err != nil || len(got) != 1 || !strings.HasSuffix(got[0].Subject, "ä…") {
			t.Errorf("%v %v", got, err)
		}
	})
	t.Run("AnAlertGoesWithTheTransactionItWasKeptIn", func(t *testing.T) {
		s := open(t)
		stop := errors.New("stop")
		err := s.Together(t.Context(), func(ctx context.Context) error {
			if err := s.KeepAlert(ctx, parked, noon); err != nil {
				return err
			}
			return s.Together(ctx, func(context.Context) error { return stop })
		})
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		if left, err := s.WaitingAlerts(t.Context(), 10); err != nil || len(left) != 0 {
			t.Errorf("%v %v", left, err)
		}
	})
}
