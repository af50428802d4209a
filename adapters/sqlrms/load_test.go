package sqlrms_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// TestLoad holds the database's statements back and counts who gets through.
func TestLoad(t *testing.T) {
	running, goOn := make(chan struct{}), make(chan struct{})
	a, _ := open(t, sqlrms.Config{
		Driver: sqlrms.SQLite, Path: yardFile(t), Mapping: folder(yardMapping), MaxConnections: 2, MaxWaiting: 1,
		Told: func(string, string, []any) {
			running <- struct{}{}
			<-goOn
		},
	})
	var asking sync.WaitGroup
	answers := make(chan error, 3)
	for range 3 {
		asking.Go(func() {
			_, err := yards(t.Context(), a)
			answers <- err
		})
	}
	<-running
	<-running // two run, the third waits
	for a.Load().Waiting != 1 {
		if t.Context().Err() != nil {
			t.Fatalf("got %+v, want one that waits", a.Load())
		}
	}
	if _, err := yards(t.Context(), a); !errors.Is(err, adapters.ErrUnavailable) {
		t.Errorf("a fourth call: got %v, want ErrUnavailable", err)
	}
	if l := a.Load(); l.Running != 2 || l.Limit != 2 || l.Calls != 3 || l.Refused != 1 {
		t.Errorf("got %+v", l)
	}
	go func() {
		for range running { // whatever statements are still to come
		}
	}()
	close(goOn)
	asking.Wait()
	for range 3 {
		if err := <-answers; err != nil {
			t.Errorf("got %v", err)
		}
	}
	if l := a.Load(); l.Running != 0 || l.Waiting != 0 || l.Calls != 0 {
		t.Errorf("in the end %+v", l)
	}
	close(running)
}

func TestPagesInTurn(t *testing.T) {
	running, goOn := make(chan struct{}), make(chan struct{})
	a, _ := open(t, sqlrms.Config{
		Driver: sqlrms.SQLite, Path: yardFile(t), Mapping: folder(yardMapping), MaxConnections: 4,
		Told: func(string, string, []any) {
			running <- struct{}{}
			<-goOn
		},
	})
	var asking sync.WaitGroup
	for range 3 {
		asking.Go(func() {
			if _, err := yards(t.Context(), a); err != nil {
				t.Error(err)
			}
		})
	}
	<-running
	<-running
	for a.Load().Waiting != 1 {
		if t.Context().Err() != nil {
			t.Fatalf("got %+v, want one that waits", a.Load())
		}
	}
	if l := a.Load(); l.Running != 2 || l.Limit != 4 {
		t.Errorf("got %+v, want two pages that read and room for the statements of both", l)
	}
	go func() {
		for range running { // whatever statements are still to come
		}
	}()
	close(goOn)
	asking.Wait()
	close(running)
}
