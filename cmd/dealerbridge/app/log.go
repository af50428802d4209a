package app

import (
	"io"
	"log/slog"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
)

// NewLog makes the log of a process: text for people, JSON for machines.
func NewLog(w io.Writer, l config.Log) *slog.Logger {
	options := &slog.HandlerOptions{Level: l.Level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
