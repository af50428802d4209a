package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxForm bounds the body of a token request.
const maxForm = 16 << 10

// answer is the success body of RFC 6749 section 5.1.
type answer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"`
	Scope       string `json:"scope"`
}

// refusal is the error body of RFC 6749 section 5.2.
type refusal struct {
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`

	status int
	wait   time.Duration
}

// Endpoint is the token endpoint: POST, form body, client credentials by Basic
// or in the form (R112, R114). Its answers are those of RFC 6749 in every case.
func (a *Authority) Endpoint(log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ans, no := a.issue(w, r, log)
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-store")
		h.Set("Pragma", "no-cache")
		h.Set("X-Content-Type-Options", "nosniff")
		var body any = ans
		status := http.StatusOK
		if no != nil {
			body, status = no, no.status
			if no.status == http.StatusUnauthorized {
				h.Set("WWW-Authenticate", `Basic realm="dealerbridge", charset="UTF-8"`)
			}
			if no.status == http.StatusMethodNotAllowed {
				h.Set("Allow", http.MethodPost)
			}
			if no.wait > 0 {
				h.Set("Retry-After", strconv.Itoa(int((no.wait+time.Second-1)/time.Second)))
			}
		}
		raw, err := json.Marshal(body)
		if err != nil { // two flat structs of texts and numbers: cannot happen, must not pass as success
			log.ErrorContext(r.Context(), "encoding a token answer failed", "err", err)
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.WriteHeader(status)
		if _, err := w.Write(append(raw, '\n')); err != nil {
			log.DebugContext(r.Context(), "token caller went away", "err", err)
		}
	})
}

func invalidRequest(format string, args ...any) *refusal {
	return &refusal{Code: "invalid_request", Description: fmt.Sprintf(format, args...), status: http.StatusBadRequest}
}

func (a *Authority) issue(w http.ResponseWriter, r *http.Request, log *slog.Logger) (*answer, *refusal) {
	if r.Method != http.MethodPost {
		no := invalidRequest("use POST")
		no.status = http.StatusMethodNotAllowed
		return nil, no
	}
	form, no := readForm(w, r)
	if no != nil {
		return nil, no
	}
	id, secret, no := credentials(r, form)
	if no != nil {
		return nil, no
	}
	from := a.remote(r)
	if wait := a.guesses.wait(id, from); wait > 0 {
		return nil, &refusal{
			Code: "invalid_client", Description: "too many failed attempts; wait before the next one",
			status: http.StatusTooManyRequests, wait: wait,
		}
	}
	client, err := a.clients.Client(r.Context(), id)
	if err != nil && !errors.Is(err, ErrUnknownClient) {
		log.ErrorContext(r.Context(), "looking a client up failed", "err", err)
		return nil, unavailable()
	}
	if ok := secretMatches(client.SecretHash, secret); !ok || !client.Revoked.IsZero() {
		a.guesses.failed(id, from)
		// Neither the id, in whose place people paste secrets, nor the address,
		// which can be a person's, stands in the log.
		log.WarnContext(r.Context(), "token refused", "reason", "client authentication failed")
		return nil, &refusal{
			Code: "invalid_client", Description: "client authentication failed",
			status: http.StatusUnauthorized,
		}
	}
	a.guesses.passed(id, from)

	switch grant := form.Get("grant_type"); grant {
	case "client_credentials":
	case "":
		return nil, invalidRequest("grant_type is missing; use client_credentials")
	default:
		return nil, &refusal{Code: "unsupported_grant_type", Description: "use client_credentials", status: http.StatusBadRequest}
	}
	granted := client.Scopes
	if asked := strings.Fields(form.Get("scope")); len(asked) > 0 {
		for _, s := range asked {
			if !slices.Contains(client.Scopes, s) {
				return nil, &refusal{Code: "invalid_scope", Description: "a scope asked for is unknown or not this client's", status: http.StatusBadRequest}
			}
		}
		slices.Sort(asked)
		granted = slices.Compact(asked)
	}
	scope := strings.Join(granted, " ")
	tok, err := a.signer.sign(r.Context(), client, scope)
	if err != nil {
		log.ErrorContext(r.Context(), "signing a token failed", "err", err)
		return nil, unavailable()
	}
	return &answer{AccessToken: tok, TokenType: "Bearer", ExpiresIn: int64(a.life / time.Second), Scope: scope}, nil
}

func unavailable() *refusal {
	return &refusal{
		Code: "temporarily_unavailable", Description: "tokens cannot be issued at the moment; try again",
		status: http.StatusServiceUnavailable, wait: 5 * time.Second,
	}
}

// readForm reads the body as a form. Parameters in the address are not looked
// at (RFC 6749 forbids credentials there), and one given twice is refused.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, *refusal) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, invalidRequest("send the parameters as application/x-www-form-urlencoded")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			no := invalidRequest("the request is larger than %d bytes", maxForm)
			no.status = http.StatusRequestEntityTooLarge
			return nil, no
		}
		return nil, invalidRequest("the form cannot be read")
	}
	for name, values := range r.PostForm {
		if len(values) > 1 {
			switch name {
			case "grant_type", "scope", "client_id", "client_secret":
				return nil, invalidRequest("%s is given twice", name)
			default:
				return nil, invalidRequest("a parameter is given twice")
			}
		}
	}
	return r.PostForm, nil
}

// credentials takes id and secret from the Basic header, whose halves are
// form-encoded (RFC 6749 section 2.3.1), or from the form; not from both.
func credentials(r *http.Request, form url.Values) (id, secret string, no *refusal) {
	header := r.Header.Values("Authorization")
	switch {
	case len(header) > 1:
		return "", "", invalidRequest("more than one Authorization header")
	case len(header) == 1:
		user, pass, ok := r.BasicAuth()
		if !ok {
			return "", "", &refusal{Code: "invalid_client", Description: "use Basic in the Authorization header, or client_id and client_secret in the form", status: http.StatusUnauthorized}
		}
		if form.Has("client_secret") {
			return "", "", invalidRequest("send the credentials in the header or in the form, not in both")
		}
		id, errID := url.QueryUnescape(user)
		secret, errSecret := url.QueryUnescape(pass)
		if errID != nil || errSecret != nil {
			return "", "", invalidRequest("the halves of the Basic header must be form-encoded")
		}
		if form.Has("client_id") && form.Get("client_id") != id {
			return "", "", invalidRequest("client_id differs from the Authorization header")
		}
		return id, secret, nil
	case form.Get("client_id") == "" || !form.Has("client_secret"):
		return "", "", &refusal{Code: "invalid_client", Description: "client credentials are missing", status: http.StatusUnauthorized}
	default:
		return form.Get("client_id"), form.Get("client_secret"), nil
	}
}
