// Dealerbridge stands in front of an equipment dealer's rental database, which
// it only reads, and serves it as the Cat Rental Store API.
package main

import (
	"context"
	"os"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/cli"
)

var version = "unknown" // set when a release is built

func main() {
	os.Exit(cli.Run(context.Background(), version, os.Args[1:], os.Stdout, os.Stderr))
}
