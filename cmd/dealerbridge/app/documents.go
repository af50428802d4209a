package app

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// rentalFile is the mapping of a dealer's rental system inside its folder.
const rentalFile = "rms.yaml"

// documentURL makes the addresses under which one dealer's documents are
// served. The dealer is always named: a client may have several.
func documentURL(base, dealer string) func(adapters.DocumentKind, string) string {
	return func(kind adapters.DocumentKind, id string) string {
		return base + "/api/v1/document/" + string(kind) + "/" + url.PathEscape(id) + "?dealer=" + url.QueryEscape(dealer)
	}
}

// needsPublicURL refuses to start without publicURL where a mapping serves
// documents: their addresses stand inside answers, and they are never guessed
// from what a caller writes into a request.
func (a *App) needsPublicURL() error {
	if a.options.Config.PublicURL != "" {
		return nil
	}
	var faults mapfile.Faults
	for _, d := range a.options.Config.Dealers {
		if d.Mapping == "" {
			continue
		}
		file := filepath.Join(d.Mapping, rentalFile)
		src, err := os.ReadFile(file)
		if err != nil {
			continue // told when the dealer is opened
		}
		if parsed, _ := mapfile.Parse(file, src); parsed != nil && len(parsed.Documents) > 0 {
			faults = append(faults, mapfile.Fault{
				File: a.options.File, Pos: mapfile.Pos{Line: d.Line, Col: 1}, Path: "publicURL",
				Message: fmt.Sprintf("is missing: dealer %s serves documents (%s:%d), so callers need the gateway's address, such as https://rental.example.com",
					d.Code, file, parsed.Documents[0].Pos.Line),
			})
		}
	}
	return faults.Err()
}
