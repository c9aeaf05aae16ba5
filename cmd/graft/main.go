// Command graft compiles models to programs that train them by backpropagation, by direct feedback alignment, or shallowly, and
// runs these programs. `graft help` lists what it can do.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first signal asks for an orderly end, the second one kills
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
