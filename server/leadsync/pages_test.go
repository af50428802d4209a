package leadsync_test

import (
	"context"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// pages are leads that are named page by page.
type pages struct{ refs []adapters.LeadRef }

func (p *pages) Next(_ context.Context, limit int) ([]adapters.LeadRef, bool, error) {
	page := p.refs[:min(limit, len(p.refs))]
	p.refs = p.refs[len(page):]
	return page, len(p.refs) > 0, nil
}
