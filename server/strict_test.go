package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/api"
	"github.com/dealerbridge/dealerbridge/openapi"
	"github.com/dealerbridge/dealerbridge/server/dealers"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// answers gives whatever a test wants to GET /location.
type answers struct {
	api.StrictServerInterface
	locations func(context.Context) (api.ListLocationsResponseObject, error)
}

func (a answers) ListLocations(ctx context.Context, _ api.ListLocationsRequestObject) (api.ListLocationsResponseObject, error) {
	return a.locations(ctx)
}

// written is an answer that writes itself.
type written func(http.ResponseWriter) error

func (w written) VisitListLocationsResponse(to http.ResponseWriter) error { return w(to) }

type everybody struct{}

func (everybody) Verify(context.Context, string) (token.Caller, error) {
	return token.Caller{Client: "c", Dealers: []string{"D1"}, Scopes: []string{token.ScopeRead}}, nil
}

type idle struct{}

func (idle) Check(context.Context) error { return nil }
func (idle) Close() error                { return nil }

// ask gets the answer of a server whose handler is f.
func ask(t *testing.T, f func(context.Context) (api.ListLocationsResponseObject, error)) (status int, body string, err error) {
	t.Helper()
	o := Options{Dealers: dealers.NewRegistry(dealers.New("D1", adapters.Adapter(idle{}))), Verifier: everybody{}}
	o.fill()
	doc, err := openapi.CRSDocument()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{o: o, room: make(chan struct{}, 1)}
	if s.metrics, err = newMetrics(o.Registerer); err != nil {
		t.Fatal(err)
	}
	if s.operations, err = operations(doc, nil); err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewServer(s.engine(doc, answers{locations: f}))
	ts.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	defer ts.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, ts.URL+"/api/v1/location", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer any")
	resp, err := ts.Client().Do(req)
	if err != nil {
		return 0, "", err
	}
	raw, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(raw), errors.Join(err, resp.Body.Close())
}

func TestStrictHandlers(t *testing.T) {
	t.Run("NeitherAnswerNorErrorIs500", func(t *testing.T) {
		status, body, err := ask(t, func(context.Context) (api.ListLocationsResponseObject, error) { return nil, nil })
		if status != 500 || err != nil {
			t.Errorf("status %d, %v: %s", status, err, body)
		}
	})
	t.Run("HandlersGetTheRequestsOwnContext", func(t *testing.T) {
		status, _, err := ask(t, func(ctx context.Context) (api.ListLocationsResponseObject, error) {
			if _, ok := ctx.(*gin.Context); ok {
				t.Error("the handler got gin's context, which is used again")
			}
			if _, ok := ctx.Deadline(); !ok {
				t.Error("the context has no deadline")
			}
			return api.ListLocations200JSONResponse{}, nil
		})
		if status != 200 || err != nil {
			t.Errorf("status %d, %v", status, err)
		}
	})
	t.Run("AnswerThatCannotBeEncodedIs500", func(t *testing.T) {
		status, body, err := ask(t, func(context.Context) (api.ListLocationsResponseObject, error) {
			return written(func(http.ResponseWriter) error { return errors.New("no such number") }), nil
		})
		if status != 500 || err != nil {
			t.Errorf("status %d, %v: %s", status, err, body)
		}
	})
	t.Run("AnswerInPiecesBreaksTheConnection", func(t *testing.T) {
		_, body, err := ask(t, func(context.Context) (api.ListLocationsResponseObject, error) {
			return written(func(w http.ResponseWriter) error {
				w.Header().Set("Content-Type", "application/json")
				_, first := w.Write([]byte(`{"items":[`))
				_, second := w.Write([]byte(`]}`))
				return errors.Join(first, second)
			}), nil
		})
		if err == nil {
			t.Errorf("the pieces passed for an answer: %s", body)
		}
	})
	t.Run("PanicAfterTheFirstByteBreaksTheConnection", func(t *testing.T) {
		_, body, err := ask(t, func(context.Context) (api.ListLocationsResponseObject, error) {
			return written(func(w http.ResponseWriter) error {
				if _, err := w.Write([]byte(`{"items":[`)); err != nil {
					return err
				}
				panic("in the middle")
			}), nil
		})
		if err == nil {
			t.Errorf("the part passed for an answer: %s", body)
		}
	})
}
