package caterpillar

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// Environment is where one set of Caterpillar's services is found.
type Environment struct {
	Token string // where tokens are asked for
	Leads string // the lead service, up to the version
	QR    string // the QR code associations, version included; empty where there are none
}

// The environments there are. Client ids of one are unknown to the other (R23).
var (
	Production = Environment{ //nolint:gosec // R3, R5, R15: addresses, no credentials
		Token: "https://fedlogin.cat.com/as/token.oauth2",
		Leads: "https://services.cat.com/marketing/ecrm/leadManagement",
		QR:    "https://services.cat.com/catDigital/qrCodeAssociations/external/v1",
	}
	QA = Environment{ //nolint:gosec // R16: addresses, no credentials; the QR service has production only (R7)
		Token: "https://fedloginqa.cat.com/as/token.oauth2",
		Leads: "https://services-stg.cat.com/marketing/ecrm/leadManagement",
	}
)

// V2 is the one version of the lead API that is known.
const V2 = "v2"

// leadScope is what a token for leads has to allow (R17).
const leadScope = "manage:all"

// checkAddress says what is wrong with the address of a service. Credentials
// and personal data travel there, so it is https, or on this machine.
func checkAddress(what, text string) error {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return fmt.Errorf("%s: the address is missing", what)
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%s: the address must be a whole one, such as https://services.example.com/leads", what)
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return fmt.Errorf("%s: the address may hold no user, no query and no fragment", what)
	case u.Scheme == "http" && !thisMachine(u.Hostname()):
		return fmt.Errorf("%s: the address must begin with https", what)
	}
	return nil
}

func thisMachine(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// Credentials are what the dealer got from Caterpillar for one service.
type Credentials struct {
	TokenURL string
	ID       string
	Secret   string
}

func (c Credentials) check() error {
	var faults []error
	faults = append(faults, checkAddress("token service", c.TokenURL))
	if c.ID == "" {
		faults = append(faults, errors.New("credentials: the client id is missing"))
	}
	if c.Secret == "" {
		faults = append(faults, errors.New("credentials: the client secret is missing"))
	}
	return errors.Join(faults...)
}

// String keeps the secret out of texts.
func (c Credentials) String() string { return "credentials of " + c.TokenURL }

// GoString keeps the secret out of %#v.
func (c Credentials) GoString() string { return c.String() }
