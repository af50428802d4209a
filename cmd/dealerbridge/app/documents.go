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

// checkDocuments finds what mappings that serve documents need and the
// configuration does not give: the public address, which stands inside answers
// and is never guessed from what a caller writes into a request, and the folder
// a mapping's directories lie in.
func (a *App) checkDocuments() error {
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
		parsed, _ := mapfile.Parse(file, src)
		if parsed == nil || len(parsed.Documents) == 0 {
			continue
		}
		fault := func(path, format string, args ...any) {
			faults = append(faults, mapfile.Fault{
				File: a.options.File, Pos: mapfile.Pos{Line: d.Line, Col: 1}, Path: path, Message: fmt.Sprintf(format, args...),
			})
		}
		if a.options.Config.PublicURL == "" {
			fault("publicURL", "is missing: dealer %s serves documents (%s:%d), so callers need the gateway's address, such as https://rental.example.com",
				d.Code, file, parsed.Documents[0].Pos.Line)
		}
		for _, one := range parsed.Documents {
			if one.Directory != nil && d.Documents == "" {
				fault("documents", "is missing: dealer %s takes documents out of a directory (%s:%d), so say below which folder it lies",
					d.Code, file, one.Pos.Line)
			}
		}
	}
	return faults.Err()
}
