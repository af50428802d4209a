//go:build profile

package main

import (
	"log"
	"os"
	"runtime/pprof"
)

// A program built with the tag profile writes down what the processor is at
// while it serves, into the file the environment names. The compiler makes the
// program everybody gets faster by it; see "make profile".
func init() {
	name := os.Getenv("DEALERBRIDGE_CPU_PROFILE")
	if name == "" || len(os.Args) < 2 || os.Args[1] != "serve" {
		return
	}
	file, err := os.Create(name)
	if err != nil {
		log.Fatalf("making the profile: %v", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		log.Fatalf("starting the profile: %v", err)
	}
	ending = func() {
		pprof.StopCPUProfile()
		if err := file.Close(); err != nil {
			log.Fatalf("ending the profile: %v", err)
		}
	}
}
