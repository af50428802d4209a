package target_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/dealerbridge/dealerbridge/cmd/bench/target"
)

// someone answers with the path, and as the path says. remotes are the
// connections it was asked on.
func someone(t *testing.T) (s *target.Server, remotes func() int) {
	t.Helper()
	var mu sync.Mutex
	seen := map[string]bool{}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen[r.RemoteAddr] = true
		mu.Unlock()
		switch r.URL.Path {
		case "/long": // in chunks
			_, _ = io.WriteString(w, strings.Repeat("x", 300_000))
		case "/last":
			w.Header().Set("Connection", "close")
			_, _ = io.WriteString(w, "last")
		case "/never":
			<-r.Context().Done()
		case "/missing":
			http.NotFound(w, r)
		default:
			_, _ = io.WriteString(w, r.URL.Path)
		}
	}))
	t.Cleanup(h.Close)
	s = target.At(h.URL)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("hanging up: %v", err)
		}
	})
	return s, func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(seen)
	}
}

func TestGet(t *testing.T) {
	t.Run("OneConnectionServesOneAnswerAfterTheOther", func(t *testing.T) {
		s, remotes := someone(t)
		for _, path := range []string{"/a", "/long", "/b"} {
			var got bytes.Buffer
			n, err := s.Get(t.Context(), path, &got)
			if err != nil || n != int64(got.Len()) {
				t.Fatalf("%s: %d bytes, %d of them copied, error %v", path, n, got.Len(), err)
			}
			want := path
			if path == "/long" {
				want = strings.Repeat("x", 300_000)
			}
			if got.String() != want {
				t.Errorf("%s is answered with %d other bytes", path, got.Len())
			}
		}
		if n := remotes(); n != 1 {
			t.Errorf("%d connections were made, want 1", n)
		}
	})
	t.Run("AServerThatHangsUpIsConnectedToAnew", func(t *testing.T) {
		s, remotes := someone(t)
		for range 2 {
			if _, err := s.Get(t.Context(), "/last", io.Discard); err != nil {
				t.Fatal(err)
			}
		}
		if n := remotes(); n != 2 {
			t.Errorf("%d connections were made, want 2", n)
		}
	})
	t.Run("AnythingBut200IsAnError", func(t *testing.T) {
		s, _ := someone(t)
		if _, err := s.Get(t.Context(), "/missing", io.Discard); err == nil || !strings.Contains(err.Error(), "404") {
			t.Errorf("got %v, want the status", err)
		}
		if _, err := s.Get(t.Context(), "/a", io.Discard); err != nil {
			t.Errorf("after that: %v", err)
		}
	})
	t.Run("ACallerWhoGoesHangsUp", func(t *testing.T) {
		s, _ := someone(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Get(ctx, "/never", io.Discard); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want that it was cancelled", err)
		}
	})
}
