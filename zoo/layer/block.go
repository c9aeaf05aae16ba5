package layer

import "graft/graph"

// NormBlock is the block of torchfm's MLP: dense, batch norm, ReLU, dropout. x is [rows, in], the result [rows, out]; its
// parameters are those of name/dense and name/norm, its dropout draws from name/dropout.
func NormBlock(x *graph.Value, name string, out int, dropout float64) *graph.Value {
	x.Graph().Helper()
	h := BatchNorm(Dense(x, name+"/dense", out), name+"/norm")
	return graph.Dropout(graph.Relu(h), dropout, name+"/dropout")
}
