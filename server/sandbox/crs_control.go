package sandbox

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// portalRoutes steer customers and the portal.
func (s *Sandbox) portalRoutes(g *gin.RouterGroup) {
	g.GET("/requests", func(c *gin.Context) { c.JSON(http.StatusOK, s.Desks()) })
	g.GET("/talks", func(c *gin.Context) { c.JSON(http.StatusOK, s.Talks()) })
	g.GET("/outgoing", func(c *gin.Context) { c.JSON(http.StatusOK, s.Mails()) })
	g.GET("/incoming", s.controlIncoming)
	g.GET("/pulls", func(c *gin.Context) { c.JSON(http.StatusOK, s.Pulls()) })
	g.POST("/dealers", acted(func(d Dealer) (any, error) { return nil, s.Connect(d) }))
	g.POST("/requests", acted(func(st Start) (any, error) {
		ids, err := s.StartRequests(st)
		return struct {
			IDs []string `json:"ids"`
		}{ids}, err
	}))
	g.POST("/requests/act", acted(func(a Acted) (any, error) { return s.Do(a) }))
	g.POST("/talks", acted(func(say Say) (any, error) { return s.Tell(say) }))
	g.POST("/deliver", func(c *gin.Context) {
		n, err := s.Deliver(c.Request.Context())
		out := struct {
			Delivered int    `json:"delivered"`
			Failed    string `json:"failed,omitempty"`
		}{Delivered: n}
		if err != nil {
			out.Failed = err.Error()
		}
		c.JSON(http.StatusOK, out)
	})
}

// controlIncoming lists messages of dealers after the first so many, and waits
// for some when told for how many seconds.
func (s *Sandbox) controlIncoming(c *gin.Context) {
	after, err := count(c.Query("after"))
	wait, wrongWait := count(c.Query("wait"))
	if err != nil || wrongWait != nil || wait > longestWait {
		c.JSON(http.StatusBadRequest, problem("after is a number, wait one of seconds, at most 60"))
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), time.Duration(wait)*time.Second)
	defer cancel()
	if wait > 0 {
		s.WaitForNotes(ctx, after)
	}
	notes := s.Notes()
	c.JSON(http.StatusOK, append([]Note{}, notes[min(after, len(notes)):]...))
}

// WaitForNotes waits until more than so many messages of dealers have come, or
// for ctx.
func (s *Sandbox) WaitForNotes(ctx context.Context, after int) {
	for {
		s.mu.Lock()
		n, moved := len(s.crs.notes), s.crs.moved
		s.mu.Unlock()
		if n > after {
			return
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return
		}
	}
}

// WaitForMail waits until so many messages to dealers are through or
// refused, or for ctx.
func (s *Sandbox) WaitForMail(ctx context.Context, atLeast int) {
	for {
		s.mu.Lock()
		p, moved := s.portalState(), s.crs.moved
		s.mu.Unlock()
		if p.Delivered+p.Refused >= atLeast {
			return
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return
		}
	}
}
