// Package language is the family of causal Transformers for language modelling: it reproduces table 5 of Launay et al. (2020),
// by backpropagation, direct feedback alignment and shallow training, and the published code's attention without queries and
// keys: dense and random synthesizers and fixed patterns.
//
// The counterpart in PyTorch is a module of an Embedding embedding, a TransformerEncoder encoder of post-norm
// TransformerEncoderLayers with ReLU, and a Linear decoder; tied, the latter's weight is the embedding's and not listed. The other
// kinds of attention have none: there self_attn has Linear layers in_proj and out_proj, and its own parameters as they are.
//
// Data conventions. A text is one stream of int32 tokens. It is cut into as many contiguous columns as a batch has sequences,
// the remainder dropped; a batch is the next chunk of every column, tokens and the targets one place ahead, both
// i32[batch, time]. Nothing is shuffled, nothing is remembered between chunks, and the last chunk of a column is dropped where
// it is short, unlike in the published code. Perplexity is exp of the mean loss over tokens.
package language
