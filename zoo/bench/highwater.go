package bench

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// resetHighWater forgets the most memory that was resident, where the system can (Linux: proc(5), clear_refs).
func resetHighWater() {
	// Where it cannot, the figure covers what was measured before too.
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

// highWater returns the most memory in bytes that was resident (VmHWM), or 0 where the system does not tell.
func highWater() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(status) {
		if value, ok := strings.CutPrefix(string(line), "VmHWM:"); ok {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kib << 10
		}
	}
	return 0
}
