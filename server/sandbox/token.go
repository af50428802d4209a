package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/dealerbridge/dealerbridge/gen/lead/api"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

// leadScope is what a token for the lead service has to allow (R17).
const leadScope = "manage:all"

// messageScope may be asked for with a token for messages; none will do.
const messageScope = "crs.message"

// grant is what a token allows, and until when.
type grant struct {
	client Client
	scope  string
	until  time.Time
}

// authenticate lets only a known client pass to the token endpoint: HTTP Basic
// and a form (R17). Some clients encode both halves of Basic as RFC 6749 says,
// others do not; both are understood.
func (s *Sandbox) authenticate(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	id, secret, ok := c.Request.BasicAuth()
	var client Client
	for _, known := range s.options.Clients {
		if ok && same(known.ID, id) && same(known.Secret, secret) {
			client = known
		}
	}
	kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	switch {
	case client.ID == "":
		c.Header("WWW-Authenticate", `Basic realm="sandbox"`)
		c.AbortWithStatusJSON(http.StatusUnauthorized, tokenError(model.TokenErrorErrorInvalidClient, "unknown client or wrong secret"))
	case err != nil || kind != "application/x-www-form-urlencoded":
		c.AbortWithStatusJSON(http.StatusBadRequest, tokenError(model.TokenErrorErrorInvalidRequest, "the body is no form"))
	case c.Request.URL.RawQuery != "":
		c.AbortWithStatusJSON(http.StatusBadRequest, tokenError(model.TokenErrorErrorInvalidRequest, "parameters belong into the body"))
	default:
		put(c, clientKey, client)
	}
}

// put hands a value to the handlers of a call.
func put(c *gin.Context, key contextKey, value any) {
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), key, value))
}

func same(known, sent string) bool {
	plain, err := url.QueryUnescape(sent)
	return sent == known || err == nil && plain == known
}

func tokenError(kind model.TokenErrorError, text string) model.TokenError {
	return model.TokenError{Error: kind, ErrorDescription: &text}
}

// IssueToken gives a token of its own for every call; older ones stay good.
func (s service) IssueToken(ctx context.Context, r api.IssueTokenRequestObject) (api.IssueTokenResponseObject, error) {
	refuse := func(kind model.TokenErrorError, text string) (api.IssueTokenResponseObject, error) {
		return api.IssueTokendefaultJSONResponse{StatusCode: http.StatusBadRequest, Body: tokenError(kind, text)}, nil
	}
	scope := ""
	if r.Body.Scope != nil {
		scope = *r.Body.Scope
	}
	switch {
	case r.Body.GrantType == "":
		return refuse(model.TokenErrorErrorInvalidRequest, "grant_type is missing")
	case r.Body.GrantType != model.TokenRequestGrantTypeClientCredentials:
		return refuse(model.TokenErrorErrorUnsupportedGrantType, "grant_type is client_credentials")
	case scope != "" && scope != leadScope && scope != messageScope:
		return refuse(model.TokenErrorErrorInvalidScope, "the scope is "+leadScope+", "+messageScope+" or none")
	}
	text, seconds := s.sandbox.issue(caller(ctx), scope)
	return api.IssueToken200JSONResponse{AccessToken: text, TokenType: model.TokenAnswerTokenTypeBearer, ExpiresIn: seconds}, nil
}

// issue makes a token and says for how many seconds it is good.
func (s *Sandbox) issue(client Client, scope string) (text string, seconds int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	for old, g := range s.tokens {
		if !now.Before(g.until) {
			delete(s.tokens, old)
		}
	}
	s.issued++
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/%d", s.seed, s.issued))
	text, seconds = "sandbox-"+hex.EncodeToString(sum[:16]), s.settings.TokenSeconds
	s.tokens[text] = grant{client: client, scope: scope, until: now.Add(time.Duration(seconds) * time.Second)}
	return text, seconds
}

// bearer gives the token of a call, "" for none.
func bearer(r *http.Request) string {
	scheme, text, found := strings.Cut(r.Header.Get("Authorization"), " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return text
}

// granted tells what a token allows now.
func (s *Sandbox) granted(text string) (grant, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.tokens[text]
	return g, ok && s.options.Now().Before(g.until)
}

func (s *Sandbox) forget(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, text)
}

// ExpireTokens ends every token that was issued.
func (s *Sandbox) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// caller gives the client a call was let pass for.
func caller(ctx context.Context) Client {
	c, _ := ctx.Value(clientKey).(Client)
	return c
}
