//go:build !spoil

package convert

// Spoils says that memory given back is overwritten instead of being used again,
// so that tests see whoever still looks at it.
const Spoils = false
