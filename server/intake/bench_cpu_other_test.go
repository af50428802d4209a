//go:build !unix

package intake_test

import "time"

// spent would be the processor time of this process, where one could ask for it.
func spent() time.Duration { return 0 }
