// Package caterpillar owns the calls to Caterpillar's own services: leads and
// updates of leads, messages to the Cat Rental Store, and the machines behind QR
// codes. It offers them as capabilities of package adapters.
//
// It knows how such a service is reached, how often a call is repeated, and how
// an answer is read that does not keep to its specification. It does not know
// when to call, what becomes of a lead, or which rules an update has to follow,
// and it stores nothing.
package caterpillar
