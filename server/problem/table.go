package problem

import (
	"context"
	"net/http"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/changes"
	"github.com/dealerbridge/dealerbridge/server/sweep"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// row says how one error is answered.
type row struct {
	err       error
	status    int
	slug      string
	title     string
	message   string        // for the caller; says nothing the caller may not know
	retry     time.Duration // Retry-After, in whole seconds
	challenge string        // WWW-Authenticate (RFC 6750)
}

// How long a caller is asked to wait.
const (
	soon   = 5 * time.Second  // a matter of load
	later  = 30 * time.Second // a system has to come back
	mended = 5 * time.Minute  // a person has to mend something
)

const realm = `Bearer realm="dealerbridge"`

// table is read from the top; the first row whose error is in the chain counts.
// What no row names is internal.
var table = []row{
	{
		err: ErrBadParameter, status: http.StatusBadRequest, slug: "bad-parameter", title: "Bad parameter",
		message: "the request breaks the contract",
	},
	{
		err: ErrBadMessage, status: http.StatusPaymentRequired, slug: "bad-message", title: "Bad message",
		message: "the message has faults; do not repeat it unchanged",
	},
	{
		// No error attribute: no credentials were sent (RFC 6750, section 3.1).
		err: token.ErrNoToken, status: http.StatusUnauthorized, slug: "unauthorized", title: "Unauthorized",
		message: "send a bearer token", challenge: realm,
	},
	{
		err: token.ErrInvalidToken, status: http.StatusUnauthorized, slug: "invalid-token", title: "Unauthorized",
		message:   "the bearer token is not valid, or not any more; get a new one",
		challenge: realm + `, error="invalid_token"`,
	},
	{
		err: token.ErrUnavailable, status: http.StatusServiceUnavailable, slug: "tokens-unavailable",
		title: "Tokens cannot be checked", message: "tokens cannot be checked at the moment", retry: soon,
	},
	{
		err: ErrInsufficientScope, status: http.StatusForbidden, slug: "insufficient-scope", title: "Forbidden",
		message: "the token lacks the scope for this", challenge: realm + `, error="insufficient_scope"`,
	},
	{
		err: ErrUnknown, status: http.StatusNotFound, slug: "unknown", title: "Not found",
		message: "nobody knows what is asked for",
	},
	{
		err: ErrRefused, status: http.StatusConflict, slug: "refused", title: "Cannot be done now",
		message: "that cannot be done as things stand",
	},
	{
		err: ErrNotSetUp, status: http.StatusNotFound, slug: "not-set-up", title: "Not set up",
		message: "this is not set up for the dealer; see the configuration and the mapping folder",
	},
	{
		err: ErrForbiddenDealer, status: http.StatusForbidden, slug: "forbidden-dealer", title: "Forbidden",
		message: "the client may not ask for this dealer",
	},
	{
		err: ErrNoRoute, status: http.StatusNotFound, slug: "no-such-path", title: "Not found",
		message: "nothing is served at this path",
	},
	{
		err: ErrNoDocument, status: http.StatusNotFound, slug: "no-such-document", title: "Not found",
		message: "there is no such document",
	},
	{
		err: adapters.ErrNotFound, status: http.StatusNotFound, slug: "not-found", title: "Not found",
		message: "the dealer has no customer of this number",
	},
	{
		err: attachment.ErrGone, status: http.StatusNotFound, slug: "file-gone", title: "Not found",
		message: "the file is not kept any more",
	},
	{
		err: attachment.ErrText, status: http.StatusPaymentRequired, slug: "not-json", title: "Bad message",
		message: "the message is no JSON; do not repeat it unchanged",
	},
	{
		err: attachment.ErrTooLong, status: http.StatusRequestEntityTooLarge, slug: "too-much-text", title: "Too large",
		message: "the message holds too much beside its files, or too many of them",
	},
	{
		err: ErrMethodNotAllowed, status: http.StatusMethodNotAllowed, slug: "method-not-allowed",
		title: "Method not allowed", message: "this path is not served with this method",
	},
	{
		err: ErrTooLarge, status: http.StatusRequestEntityTooLarge, slug: "too-large", title: "Too large",
		message: "the body of the request is too large",
	},
	{
		err: ErrUnsupportedMediaType, status: http.StatusUnsupportedMediaType, slug: "unsupported-media-type",
		title: "Unsupported media type", message: "the body of the request is of a kind that is not read",
	},
	{
		err: ErrRange, status: http.StatusRequestedRangeNotSatisfiable, slug: "range-not-satisfiable",
		title: "Range not satisfiable", message: "no part of the document lies in this range",
	},
	{
		err: ErrPrecondition, status: http.StatusPreconditionFailed, slug: "precondition-failed",
		title: "Precondition failed", message: "the document is not in the version the request is for",
	},
	{
		err: ErrOverloaded, status: http.StatusServiceUnavailable, slug: "overloaded", title: "Overloaded",
		message: "too many requests are under way", retry: soon,
	},
	{
		err: ErrNotKept, status: http.StatusServiceUnavailable, slug: "message-not-kept", title: "Message not kept",
		message: "the message could not be kept; send it again", retry: soon,
	},
	{
		err: sweep.ErrGone, status: http.StatusServiceUnavailable, slug: "sweep-gone", title: "Start over at page 0",
		message: "the pages read so far cannot be continued; start over at page 0", retry: soon,
	},
	{
		err: sweep.ErrTooManyLeftOut, status: http.StatusServiceUnavailable, slug: "too-many-rows-left-out",
		title: "Dealer data cannot be sent", message: "too many rows of the dealer's system cannot be sent", retry: mended,
	},
	{
		err: sweep.ErrWrongRows, status: http.StatusInternalServerError, slug: "wrong-rows", title: "Internal error",
		message: "the dealer's system answered with rows that were not asked for",
	},
	{
		err: changes.ErrUnavailable, status: http.StatusServiceUnavailable, slug: "changes-unavailable",
		title: "Changes cannot be told", message: "what changed cannot be told at the moment", retry: soon,
	},
	{
		err: adapters.ErrStaleKeys, status: http.StatusServiceUnavailable, slug: "mapping-replaced",
		title: "Dealer mapping replaced", message: "the dealer's mapping was replaced meanwhile; ask again", retry: soon,
	},
	{
		err: adapters.ErrMapping, status: http.StatusServiceUnavailable, slug: "dealer-mapping-faulty",
		title: "Dealer mapping faulty", message: "the dealer's mapping has faults", retry: mended,
	},
	{
		err: adapters.ErrBadRow, status: http.StatusServiceUnavailable, slug: "dealer-row-faulty",
		title: "Dealer data cannot be sent", message: "a row of the dealer's system cannot be sent", retry: mended,
	},
	{
		err: adapters.ErrAmbiguousCustomer, status: http.StatusServiceUnavailable, slug: "ambiguous-customer",
		title: "Customer number not unique", message: "the dealer has several customers of this number", retry: mended,
	},
	{
		err: adapters.ErrUnavailable, status: http.StatusServiceUnavailable, slug: "dealer-system-unavailable",
		title: "Dealer system unavailable", message: "the dealer's system does not answer", retry: later,
	},
	{
		err: context.DeadlineExceeded, status: http.StatusServiceUnavailable, slug: "timed-out", title: "Timed out",
		message: "the answer took too long", retry: later,
	},
	{
		err: context.Canceled, status: http.StatusServiceUnavailable, slug: "cancelled", title: "Cancelled",
		message: "the request was cancelled", retry: soon,
	},
}

var internal = row{
	status: http.StatusInternalServerError, slug: "internal", title: "Internal error", message: "something went wrong in the gateway",
}
