// Package sales owns what leads are measured with: a CRM on the database server,
// Caterpillar's side as the sandbox plays it, the gateway's commands on both, and the
// same work written by hand.
//
// It must not know how figures are compared or shown.
package sales
