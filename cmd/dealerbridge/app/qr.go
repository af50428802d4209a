package app

import (
	"cmp"
	"fmt"
	"log/slog"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
)

// OpenQR opens the service that knows the machines behind QR codes. There is a
// production environment only (R7); other addresses are for simulations.
func OpenQR(q config.QR, now func() time.Time, log *slog.Logger) (adapters.AssociationReader, error) {
	reader, err := caterpillar.OpenQR(caterpillar.QRConfig{
		URL: cmp.Or(q.Service, caterpillar.Production.QR),
		Credentials: caterpillar.Credentials{
			TokenURL: cmp.Or(q.TokenService, caterpillar.Production.Token), ID: q.ClientID, Secret: q.ClientSecret.Reveal(),
		},
		Options: caterpillar.Options{Now: now, Log: log},
	})
	if err != nil {
		return nil, fmt.Errorf("opening the QR code service: %w", err)
	}
	return reader, nil
}
