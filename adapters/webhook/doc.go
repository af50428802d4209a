// Package webhook owns handing inbound messages to a dealer's own web service:
// what is posted, how it is signed (the Standard Webhooks convention), and what
// an answer means. WEBHOOK.md beside it is the description for whoever writes
// that service.
//
// It does not know when to call or how often to repeat, what a message says, or
// where it is kept.
package webhook
