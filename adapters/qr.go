package adapters

import (
	"context"

	"github.com/dealerbridge/dealerbridge/gen/qr/model"
)

// AssociationReader is the capability of looking up which machine a QR code
// belongs to.
type AssociationReader interface {
	// Association returns what is known of one code, spelt as scanned (R2).
	// A code nobody knows is ErrNotFound (R12). Empty texts are nil, a missing
	// make is CAT (R9).
	Association(ctx context.Context, id string) (model.Association, error)
}
