// Package layer holds the pieces that model definitions are made of. A layer is a function from values to a value that declares
// its own parameters under its name: Dense(x, "dense0", 256) declares "dense0/weight" [in, 256] and "dense0/bias" [256].
// Weights are stored [in, out]. Initialisers are those of the published code, named at each layer.
package layer
