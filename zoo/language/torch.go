package language

import "graft/zoo/entry"

// torch says what the state_dict of the counterpart is; see the package's documentation.
func torch(a Attention) entry.Torch {
	const block = "encoder.layers.*."
	in := block + "self_attn.in_proj."
	if a == Standard {
		in = block + "self_attn.in_proj_"
	}
	return entry.Torch{
		{Param: "block*/attention/in/*", Name: in + "*", Form: entry.Linear},
		{Param: "block*/attention/out/*", Name: block + "self_attn.out_proj.*", Form: entry.Linear},
		{Param: "block*/attention/*", Name: block + "self_attn.*"},
		{Param: "block*/ffn/hidden/*", Name: block + "linear1.*", Form: entry.Linear},
		{Param: "block*/ffn/out/*", Name: block + "linear2.*", Form: entry.Linear},
		{Param: "block*/norm*", Name: block + "norm*"},
		{Param: "decoder/*", Form: entry.Linear},
	}
}
