// Package experiment trains a model of the zoo: it resolves an entry, a mode and the user's choices to a plan, compiles the plan's
// programs once, and trains them for any number of seeds, side by side where there are cores. It is what the command line calls.
//
// [Compare] trains every mode by its recipe. A [Search] tries the settings of a grid instead and chooses one for each mode: by the
// task's validation metric, which is measured on data that are neither trained on nor tested on. It can keep what has been trained in a
// directory, a file for each training, and go on from there.
package experiment
