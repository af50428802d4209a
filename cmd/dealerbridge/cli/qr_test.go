package cli_test

import (
	"encoding/json"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// association plays the token service and the service of QR codes, which knows
// one code.
func association(t *testing.T) *httptest.Server {
	t.Helper()
	answer := func(w http.ResponseWriter, status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		if id, secret, _ := r.BasicAuth(); id != "prairie" || secret != "hush" {
			answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
			return
		}
		answer(w, http.StatusOK, map[string]any{"access_token": "t", "token_type": "Bearer", "expires_in": 3600})
	})
	mux.HandleFunc("GET /qr/qrCodeAssociations/{id}", func(w http.ResponseWriter, r *http.Request) {
		switch id := r.PathValue("id"); {
		case r.Header.Get("Authorization") != "Bearer t":
			answer(w, http.StatusUnauthorized, nil)
		case id == "CLOSED":
			answer(w, http.StatusForbidden, nil)
		case id != "7QF2K9LD0M":
			answer(w, http.StatusNotFound, map[string]string{"message": "no such code"})
		default:
			answer(w, http.StatusOK, map[string]any{
				"serialNumber": "QLF00417\x1b[2J", "smcsCode": "70K1", "catrecid": "", "principalWork": map[string]any{"code": "310", "description": "TRENCHING"},
				"marketSegment": map[string]any{"code": "UT", "description": "UTILITIES", "subSegmentCode": "UTWA", "subSegmentDescription": "WATER MAINS"},
			})
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func TestQR(t *testing.T) {
	dir := t.TempDir()
	s := association(t)
	section := "qr: {clientId: prairie, clientSecret: '${QR_TEST_SECRET:-hush}', service: '" + s.URL + "/qr', tokenService: '" + s.URL + "/token'}\n"
	file := write(t, dir, "dealerbridge.yaml", "listen: '${NOT_IN_THIS_SHELL}'\n"+section)
	picture := filepath.Join(dir, "label.png")
	code, err := qrcode.NewQRCodeWriter().Encode("HTTPS://QR.CAT.COM/7QF2K9LD0M", gozxing.BarcodeFormat_QR_CODE, 300, 300, nil)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(picture)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, code); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}

	t.Run("PrintsTheMachineOfAnAddressAnIDAndAPicture", func(t *testing.T) {
		want := "code            7QF2K9LD0M\nserial number   QLF00417\uFFFD[2J\nmake            CAT\nSMCS code       70K1\n" +
			"segment         UT  UTILITIES\nsubsegment      UTWA  WATER MAINS\nprincipal work  310  TRENCHING\n"
		for _, given := range []string{"HTTPS://QR.CAT.COM/7QF2K9LD0M/", "https://qr.cat.com/7QF2K9LD0M?x=1", "7QF2K9LD0M", picture} {
			code, out, errs := run(t, "qr", given, "--config", file)
			if code != 0 || out != want || errs != "" {
				t.Errorf("%s: %d, %q, %s", given, code, out, errs)
			}
		}
	})
	t.Run("PrintsJSON", func(t *testing.T) {
		code, out, errs := run(t, "qr", "7QF2K9LD0M", "--json", "--config", file)
		var got struct {
			ID      string
			Machine struct{ SerialNumber, Make, SMCSCode string }
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 {
			t.Fatalf("%d, %s, %s, %v", code, out, errs, err)
		}
		if got.ID != "7QF2K9LD0M" || got.Machine.SerialNumber != "QLF00417\x1b[2J" || got.Machine.Make != "CAT" || got.Machine.SMCSCode != "70K1" {
			t.Errorf("got %+v", got)
		}
	})
	bare := write(t, dir, "bare.yaml", "listen: 127.0.0.1:8080\n")
	wrong := write(t, dir, "wrong.yaml", strings.Replace(section, "prairie", "meadow", 1))
	half := write(t, dir, "half.yaml", "qr: {clientId: prairie}\n")
	text := write(t, dir, "notes.txt", "no picture at all")
	for name, c := range map[string]struct {
		given, config string
		want          []string
	}{
		"AnUnknownCode":               {"NOBODYS", file, []string{"no machine is known for the code NOBODYS"}},
		"AForeignAddress":             {"https://example.com/7QF2", file, []string{"not a code of Caterpillar's", `"example.com"`, "https://qr.cat.com/"}},
		"AnAddressWithoutAnID":        {"https://qr.cat.com/", file, []string{"no id"}},
		"NoSuchPicture":               {filepath.Join(dir, "none.jpg"), file, []string{"there is no picture at", "none.jpg"}},
		"AFileThatIsNoPicture":        {text, file, []string{"notes.txt", "JPEG, PNG or GIF"}},
		"NoConfiguration":             {"7QF2", filepath.Join(dir, "none.yaml"), []string{"no configuration at", "--config"}},
		"NoSubscription":              {"7QF2", bare, []string{"bare.yaml has no section qr", "clientId", "subscription"}}, // R13
		"HalfASubscription":           {"7QF2", half, []string{"half.yaml:1:", "clientSecret is missing"}},
		"WrongCredentials":            {"7QF2", wrong, []string{"check clientId and clientSecret", "wrong.yaml", "invalid_client"}},
		"ASubscriptionForOtherThings": {"CLOSED", file, []string{"may have no subscription"}},
	} {
		t.Run(name+"IsToldInWords", func(t *testing.T) {
			code, out, errs := run(t, "qr", c.given, "--config", c.config)
			if code != 1 || out != "" {
				t.Errorf("got %d, %q", code, out)
			}
			for _, want := range c.want {
				if !strings.Contains(errs, want) {
					t.Errorf("%q is not in: %s", want, errs)
				}
			}
			if strings.Contains(errs, "hush") {
				t.Errorf("the secret is shown: %s", errs)
			}
		})
	}
	t.Run("WithoutACodeItSaysWhereHelpIs", func(t *testing.T) {
		if code, _, errs := run(t, "qr"); code != 2 || !strings.Contains(errs, "dealerbridge qr --help") {
			t.Errorf("got %d, %s", code, errs)
		}
	})
}
