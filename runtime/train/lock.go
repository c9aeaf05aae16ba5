//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package train

import (
	"os"
	"syscall"
)

// lock keeps other processes from running in the same directory. The system releases it with the file, however the process
// ends.
func lock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
