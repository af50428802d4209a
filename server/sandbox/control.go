package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	mostControl = 64 << 20 // bytes of a body; a test may add very large leads
	longestWait = 60       // seconds
)

// controlRoutes is what tests and people steer the sandbox with. Bodies are JSON
// and said to be: a page in a browser cannot send that unasked.
func (s *Sandbox) controlRoutes(g *gin.RouterGroup) {
	g.GET("/state", func(c *gin.Context) { c.JSON(http.StatusOK, s.State()) })
	g.GET("/leads", func(c *gin.Context) { c.JSON(http.StatusOK, s.Leads()) })
	g.GET("/refused", func(c *gin.Context) { c.JSON(http.StatusOK, s.Refusals()) })
	g.GET("/updates", s.controlUpdates)
	g.GET("/faults", func(c *gin.Context) { c.JSON(http.StatusOK, s.Faults()) })
	g.POST("/faults/clear", acted(func(struct{}) (any, error) { s.ClearFaults(); return nil, nil }))
	g.POST("/tokens/expire", acted(func(struct{}) (any, error) { s.ExpireTokens(); return nil, nil }))
	g.POST("/faults", acted(func(faults []Fault) (any, error) {
		if err := s.AddFaults(faults...); err != nil {
			return nil, err
		}
		return s.Faults(), nil
	}))
	g.POST("/leads/make", acted(func(m Make) (any, error) {
		ids, err := s.MakeLeads(m)
		return leadIDs{ids}, err
	}))
	g.POST("/leads", acted(func(in struct {
		Dealer string            `json:"dealer"`
		Leads  []json.RawMessage `json:"leads"`
	},
	) (any, error) {
		ids, err := s.AddLeads(in.Dealer, in.Leads)
		return leadIDs{ids}, err
	}))
	g.POST("/leads/change", acted(func(in struct {
		LeadID  string                     `json:"leadId"`
		Members map[string]json.RawMessage `json:"members"`
	},
	) (any, error) {
		waits, err := s.ChangeLead(in.LeadID, in.Members)
		return struct {
			Waiting bool `json:"waiting"`
		}{waits}, err
	}))
	g.POST("/associations", acted(func(in struct {
		ID     string          `json:"id"`
		Object json.RawMessage `json:"association"`
	},
	) (any, error) {
		return nil, s.AddAssociation(in.ID, in.Object)
	}))
	g.POST("/reset", acted(func(in struct {
		Seed *uint64 `json:"seed"`
	},
	) (any, error) {
		seed := s.options.Seed
		if in.Seed != nil {
			seed = *in.Seed
		}
		return nil, s.Reset(seed)
	}))
	g.POST("/settings", func(c *gin.Context) {
		settings := s.Settings()
		if !decode(c, &settings) {
			return
		}
		finish(c, settings, s.Set(settings))
	})
}

type leadIDs struct {
	IDs []string `json:"leadIds"`
}

// acted answers a POST: its body is read, something is done, and 204 when there
// is nothing to tell.
func acted[In any](do func(In) (any, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		var in In
		if !decode(c, &in) {
			return
		}
		out, err := do(in)
		finish(c, out, err)
	}
}

func finish(c *gin.Context, out any, err error) {
	switch {
	case errors.Is(err, ErrNoLead), errors.Is(err, ErrNoDesk):
		c.JSON(http.StatusNotFound, problem(err.Error()))
	case err != nil:
		c.JSON(http.StatusBadRequest, problem(err.Error()))
	case out == nil:
		c.Status(http.StatusNoContent)
	default:
		c.JSON(http.StatusOK, out)
	}
}

// decode reads a body of known members, or answers and says no. No body at all
// is an empty object.
func decode(c *gin.Context, into any) bool {
	kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || kind != "application/json" {
		c.JSON(http.StatusUnsupportedMediaType, problem("the body must be application/json"))
		return false
	}
	d := json.NewDecoder(http.MaxBytesReader(c.Writer, c.Request.Body, mostControl))
	d.DisallowUnknownFields()
	err = d.Decode(into)
	if errors.Is(err, io.EOF) {
		return true
	}
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the JSON value")
		}
	}
	if err != nil {
		c.JSON(http.StatusBadRequest, problem(err.Error()))
		return false
	}
	return true
}

// controlUpdates lists updates after the first so many, and waits for some when
// told for how many seconds.
func (s *Sandbox) controlUpdates(c *gin.Context) {
	after, err := count(c.Query("after"))
	wait, wrongWait := count(c.Query("wait"))
	if err != nil || wrongWait != nil || wait > longestWait {
		c.JSON(http.StatusBadRequest, problem("after is a number, wait one of seconds, at most 60"))
		return
	}
	if wait > 0 {
		ctx, cancel := context.WithTimeout(c.Request.Context(), time.Duration(wait)*time.Second)
		defer cancel()
		s.WaitForUpdates(ctx, after)
	}
	updates := s.Updates(after)
	if updates == nil {
		updates = []Received{}
	}
	c.JSON(http.StatusOK, updates)
}

// count reads a count; missing is 0.
func count(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err
}
