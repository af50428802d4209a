package caterpillar

import (
	"errors"
	"fmt"

	"github.com/dealerbridge/dealerbridge/adapters"
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

// checkAddress says what is wrong with the address of a service.
func checkAddress(what, text string) error {
	if err := adapters.CheckAddress(text, "https://services.example.com/leads", false); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
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
