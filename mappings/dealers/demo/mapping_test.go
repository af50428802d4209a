package demo_test

import (
	"testing"

	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

func TestMappingReadsWithoutAFault(t *testing.T) {
	set, faults := mapfile.LoadFS(demo.Mapping(), ".")
	for _, f := range faults {
		t.Error(f)
	}
	if set.RMS == nil {
		t.Fatal("got no mapping")
	}
	if len(set.RMS.Endpoints) != 6 {
		t.Errorf("got %d endpoints, want 6", len(set.RMS.Endpoints))
	}
}
