package app_test

import (
	"os"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
)

func TestOpenQR(t *testing.T) {
	t.Run("AsksCaterpillarWhereNothingElseIsNamed", func(t *testing.T) {
		if _, err := app.OpenQR(config.QR{ClientID: "a", ClientSecret: config.NewSecret("b")}, nil, nil); err != nil {
			t.Error(err)
		}
	})
	t.Run("WhatIsWrongIsTold", func(t *testing.T) {
		if _, err := app.OpenQR(config.QR{ClientID: "a"}, nil, nil); err == nil || !strings.Contains(err.Error(), "client secret") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("TheDocumentedAddressesAreThose", func(t *testing.T) {
		text, err := os.ReadFile("../config/CONFIGURATION.md")
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"  service: " + caterpillar.Production.QR + "\n", "  tokenService: " + caterpillar.Production.Token + "\n"} {
			if !strings.Contains(string(text), line) {
				t.Errorf("%q is not there", line)
			}
		}
	})
}
