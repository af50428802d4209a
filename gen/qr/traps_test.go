package qr_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/dealerbridge/dealerbridge/gen/qr/api"
	"github.com/dealerbridge/dealerbridge/gen/qr/client"
	"github.com/dealerbridge/dealerbridge/gen/qr/model"
)

func TestAssociation(t *testing.T) {
	for name, text := range map[string]string{
		"NothingAtAll":         `{}`,                                                                 // R10
		"NullForAnObject":      `{"principalWork":null,"marketSegment":null,"serialNumber":null}`,    // R10
		"ATimeThatIsNotISO":    `{"principalWork":{"codeAssignmentTime":"2026-01-14 08:20:31:004"}}`, // R11
		"ALetterInTheSMCSCode": `{"smcsCode":"70K1"}`,                                                // R14
		"AnUnknownMember":      `{"colour":"yellow"}`,
	} {
		t.Run(name+"IsRead", func(t *testing.T) {
			var a model.Association
			if err := json.Unmarshal([]byte(text), &a); err != nil {
				t.Error(err)
			}
		})
	}
}

// service records the id it is asked for.
type service struct{ asked string }

func (s *service) GetAssociation(_ context.Context, r api.GetAssociationRequestObject) (api.GetAssociationResponseObject, error) {
	s.asked = r.QrCodeID
	message := "no such code"
	return api.GetAssociationdefaultJSONResponse{StatusCode: http.StatusNotFound, Body: model.ServiceError{Message: &message}}, nil
}

func TestAnIDReachesTheServerAsItIsSpelt(t *testing.T) { // R2
	gin.SetMode(gin.TestMode)
	for _, id := range []string{"7QF2K9LD0M", "mixedCase", "with blank", "50%", "a?b#c"} {
		s := &service{}
		e := gin.New()
		api.RegisterHandlers(e, api.NewStrictHandler(s, nil))
		srv := httptest.NewServer(e)
		c, err := client.NewClient(srv.URL, client.WithHTTPClient(srv.Client()))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.GetAssociation(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		srv.Close()
		if resp.StatusCode != http.StatusNotFound || s.asked != id {
			t.Errorf("%q arrived as %q, status %d", id, s.asked, resp.StatusCode)
		}
	}
}
