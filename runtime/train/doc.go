// Package train is the loop around a compiled program: batches, schedules, evaluation, callbacks, progress, and checkpoints
// from which an interrupted run goes on as if nothing had happened.
//
// A [Run] takes a step program and a [Source] of batches. After every epoch it runs an [Evaluation], writes a [Record] and a
// checkpoint, and remembers the epoch that was best by a metric. [Run.Fit] returns the [Summary].
//
// # Conventions
//
// What is passed in counts from 0: the epoch and index of a batch, the step and epoch of a [Moment], the program's input
// "step". What is reported counts what is finished, so it starts at 1: after the first epoch, a Record's Epoch is 1 and its
// Step is the number of steps done.
//
// The loop feeds the scalar inputs "seed", "step" and "lr" itself and reads the output "loss"; every other input comes from
// the batch. A Batch may hold more than the program reads.
//
// # What a run depends on
//
// Everything but the fields called Seconds is a function of Info, Program, Seed, Source and schedule. Sources and callbacks
// keep their side of it: batch i of an epoch does not depend on the batches asked for before, and a callback decides by the
// [Status] it is given, not by what it remembers, since its memory does not outlive a kill.
//
// # Files
//
// A Run with a Dir keeps three files there:
//
//	metrics.jsonl            a Record a line, one line an epoch
//	checkpoint.safetensors   the State, and in the metadata how far the run is
//	best.safetensors         the State after the best epoch, when Best is set
//
// At the end of an epoch they are written in the order metrics, best, checkpoint, each synced before the next. The checkpoint
// says how many bytes of metrics.jsonl it covers and their checksum, so whatever the moment at which a run is killed, resuming
// cuts off what came after the checkpoint and does it again, bit for bit. A checkpoint of another run (another Info, Seed or
// Best, or tensors that the program does not have) is refused and nothing is touched; so is a new run in a used directory.
// Parameters that are not finite are never written.
package train
