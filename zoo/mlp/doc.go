// Package mlp is the fully connected family: it reproduces TinyDFA's MNIST example, a 784-256-256-10 network with ReLU
// trained by backpropagation, direct feedback alignment or its first layers not at all.
//
// The counterpart in PyTorch is a module of torch.nn.Linear layers dense0, dense1, ..., output.
//
// Data conventions. An image is a row of 784 float32, 28 x 28 in row-major order, normalised with MNIST's mean and
// deviation: (v/255 - 0.1307) / 0.3081. A label is an int32 in 0..9. [LoadMNIST] reads the original files; [Synthetic]
// generates a stand-in of the same form, whose results say nothing about MNIST and are never reported beside its numbers.
//
// The example trains on all 60,000 rows of MNIST's training part. Where settings are chosen, the last 10,000 of them are kept for
// validation and not trained on; the stand-in has validation images of its own.
package mlp
