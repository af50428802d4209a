// Dealerbridge stands in front of an equipment dealer's rental database, which
// it only reads, and serves it as the Cat Rental Store API.
package main

import (
	"context"
	"os"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/cli"
)

var version = "unknown" // set when a release is built

// ending is what is left to do when a command has ended.
var ending = func() {}

func main() {
	status := cli.Run(context.Background(), version, os.Args[1:], os.Stdout, os.Stderr)
	ending()
	os.Exit(status)
}
