// Package experiment trains a model of the zoo: it resolves an entry, a mode and the user's choices to a plan, compiles the plan's
// programs once, and trains them for any number of seeds, side by side where there are cores. It is what the command line calls.
package experiment
