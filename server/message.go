package server

import (
	"fmt"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/dealerbridge/dealerbridge/server/intake"
	"github.com/dealerbridge/dealerbridge/server/problem"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// messagePath is where CRS posts messages (R181).
const messagePath = "/api/v1/message"

// takeMessages adds the path on which messages come in. It has none of the steps
// of the pull paths: a body may be large and take its time, so its limits are
// the intake's.
func (s *server) takeMessages(e *gin.Engine) error {
	o := *s.o.Messages
	o.Now, o.Log, o.Happens = s.o.Now, s.o.Log, s.metrics.message
	if o.Known == nil {
		o.Known = func(dealer string) bool {
			_, ok := s.o.Dealers.Dealer(dealer)
			return ok
		}
	}
	in, err := intake.New(o)
	if err != nil {
		return fmt.Errorf("building the server: %w", err)
	}
	e.POST(messagePath, func(c *gin.Context) {
		sender, err := s.sender(c)
		if err != nil {
			// net/http would otherwise read on before it lets the answer out.
			c.Header("Connection", "close")
			s.fail(c, err)
			return
		}
		dealer, err := in.Receive(c.Writer, c.Request, sender)
		facts(c).dealer = dealer
		if err != nil {
			s.fail(c, err)
		}
	})
	return nil
}

// sender checks who posts, before anything of the body is read.
func (s *server) sender(c *gin.Context) (intake.Sender, error) {
	caller, err := s.caller(c, token.ScopeMessage)
	if err != nil {
		return intake.Sender{}, err
	}
	q := readQuery(nil, c.Request.URL.RawQuery, map[string]string{"dealer": "dealer"})
	if len(q.faults) > 0 {
		return intake.Sender{}, problem.BadParameter(q.faults...)
	}
	named := ""
	if g := q.find("dealer"); g != nil {
		named = g.value
	}
	if named != "" && !slices.Contains(caller.Dealers, named) {
		return intake.Sender{}, problem.ErrForbiddenDealer
	}
	return intake.Sender{Client: caller.Client, Dealers: caller.Dealers, Dealer: named}, nil
}
