package caterpillar_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
	"github.com/dealerbridge/dealerbridge/gen/qr/model"
)

const machine = `{
	"serialNumber": " QLF00417 ", "smcsCode": "70K1", "catrecid": "", "associationOriginator": "D100",
	"createTime": "2026-01-14T08:20:31.004112Z", "make": null, "assetMetadataUpdateStatus": "PENDING",
	"principalWork": {"code": 310, "description": "TRENCHING", "codeType": "Machine", "codeAssignmentTime": "2026-01-14 08:20:31:004"},
	"marketSegment": {"code": "UT", "description": "UTILITIES", "subSegmentCode": null}, "colour": ["yellow"]
}`

func TestAssociation(t *testing.T) {
	t.Run("IsReadLeniently", func(t *testing.T) { // R9, R10, R11, R14
		got, err := play(t, say(200, machine)).qr(t).Association(t.Context(), "7QF2K9LD0M")
		if err != nil {
			t.Fatal(err)
		}
		want := model.Association{
			SerialNumber: ptr("QLF00417"), SmcsCode: ptr("70K1"), AssociationOriginator: ptr("D100"), Make: ptr("CAT"),
			CreateTime: ptr("2026-01-14T08:20:31.004112Z"), AssetMetadataUpdateStatus: ptr("PENDING"),
			PrincipalWork: &model.PrincipalWork{
				Code: ptr("310"), Description: ptr("TRENCHING"), CodeType: ptr("Machine"), CodeAssignmentTime: ptr("2026-01-14 08:20:31:004"),
			},
			MarketSegment: &model.MarketSegment{Code: ptr("UT"), Description: ptr("UTILITIES")},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("association (-want +got):\n%s", diff)
		}
	})
	t.Run("AMissingMakeIsCAT", func(t *testing.T) { // R9
		got, err := play(t, say(200, `{"serialNumber":"X1"}`)).qr(t).Association(t.Context(), "A")
		if err != nil || *got.Make != "CAT" {
			t.Errorf("%v, %+v", err, got)
		}
		got, err = play(t, say(200, `{"serialNumber":"X1","make":"OTHER"}`)).qr(t).Association(t.Context(), "A")
		if err != nil || *got.Make != "OTHER" {
			t.Errorf("%v, %+v", err, got)
		}
	})
	t.Run("TheCallCarriesTheIDAsItIsSpeltAndNoScope", func(t *testing.T) { // R2, R3, R4, R5
		s := play(t, say(200, machine))
		for _, id := range []string{"7QF2K9LD0M", "miXed", "a b", "a/b", "50%", "ä"} {
			if _, err := s.qr(t).Association(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			c := s.called()[len(s.called())-1]
			path, err := url.PathUnescape(strings.TrimPrefix(c.target, "/external/v1/qrCodeAssociations/"))
			if err != nil || path != id || c.method != "GET" || strings.Count(c.target, "/") != 4 {
				t.Errorf("%q was asked as %s %s", id, c.method, c.target)
			}
			if !strings.HasPrefix(c.header.Get("Authorization"), "Bearer token-") || c.header.Get("Accept") != "application/json" {
				t.Errorf("headers %v", c.header)
			}
		}
		if got := s.tokens()[0].body; got != "grant_type=client_credentials" {
			t.Errorf("asked for a token with %q", got)
		}
	})
	t.Run("AnIDThatWouldBeAnotherAddressIsNotAsked", func(t *testing.T) {
		s := play(t, say(200, machine))
		for _, id := range []string{"", ".", ".."} {
			if _, err := s.qr(t).Association(t.Context(), id); !errors.Is(err, adapters.ErrNotFound) || len(s.called()) != 0 {
				t.Errorf("%q: %v", id, err)
			}
		}
	})
}

func TestAssociationFailures(t *testing.T) { // R12
	for name, c := range map[string]struct {
		answer handler
		want   error
		calls  int
	}{
		"AnUnknownCode":             {say(404, `{"message":"no such code"}`), adapters.ErrNotFound, 1},
		"AnUnknownCodeWithoutWords": {say(404, ""), adapters.ErrNotFound, 1},
		"APageNotFound":             {say(404, "<html>not here"), adapters.ErrAddress, 1},
		"NotSubscribed":             {say(403, ""), adapters.ErrForbidden, 1}, // R13
		"ABadCode":                  {say(400, ""), adapters.ErrBadRequest, 1},
		"ATokenRefusedTwice":        {say(401, ""), adapters.ErrCredentials, 2},
		"Failure":                   {say(503, ""), adapters.ErrService, 3},
		"APageInHTML":               {say(200, "<html>"), adapters.ErrAnswer, 3},
		"NoJSON":                    {say(200, `{"serialNumber":`), adapters.ErrAnswer, 3},
		"AList":                     {say(200, `[]`), adapters.ErrAnswer, 3},
		"Null":                      {say(200, `null`), adapters.ErrAnswer, 3},
		"Nothing":                   {say(204, ""), adapters.ErrAnswer, 3},
		"SomethingElse":             {say(200, `{"message":"hello"}`), adapters.ErrAnswer, 3},
		"AnEndlessAnswer":           {say(200, `{"serialNumber":"`+strings.Repeat("x", 2<<20)+`"}`), adapters.ErrAnswerTooLarge, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t, c.answer)
			_, err := s.qr(t).Association(t.Context(), "A")
			if !errors.Is(err, c.want) || len(s.called()) != c.calls {
				t.Errorf("%v, want %v; %d calls, want %d", err, c.want, len(s.called()), c.calls)
			}
		})
	}
	t.Run("ATokenServiceThatIsNotThereIsNoUnknownCode", func(t *testing.T) {
		s := play(t, say(200, machine))
		s.token = say(404, "")
		if _, err := s.qr(t).Association(t.Context(), "A"); !errors.Is(err, adapters.ErrAddress) || errors.Is(err, adapters.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("AServiceThatFailedOnceIsAskedAgain", func(t *testing.T) {
		if _, err := play(t, inTurn(say(500, ""), say(200, machine))).qr(t).Association(t.Context(), "A"); err != nil {
			t.Error(err)
		}
	})
}

func TestOpenQR(t *testing.T) {
	_, err := caterpillar.OpenQR(caterpillar.QRConfig{})
	for _, want := range []string{"QR code service", "token service", "client id", "client secret"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named: %v", want, err)
		}
	}
	if _, err := caterpillar.OpenQR(caterpillar.QRConfig{ // R3, R7
		URL: caterpillar.Production.QR, Credentials: caterpillar.Credentials{TokenURL: caterpillar.Production.Token, ID: "a", Secret: "b"},
	}); err != nil {
		t.Error(err)
	}
}
