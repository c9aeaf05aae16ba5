package native

import "maps"

// Reference returns the plain kernels: the meaning of every op in simple loops with a fixed order of summation.
func Reference() Table {
	t := Table{}
	for _, group := range []Table{
		identityReference(), elementwiseReference(), shapeReference(), reduceReference(), productReference(), fusedReference(), attentionReference(), lossReference(), headReference(), binaryReference(),
		sparseReference(), edgeReference(), historyReference(), groupedReference(), normReference(), tableReference(), scanReference(), positionReference(),
		randomReference(), feedbackReference(), optimizerReference(),
	} {
		maps.Copy(t, group)
	}
	return t
}

// identityReference holds the leaf that has a kernel, and the marks, which copy: a definition can then be run as it stands.
func identityReference() Table {
	t := Table{"const": elements(perElement, fill[float32], fill[float64], fill[int32], fill[bool])}
	for _, mark := range []string{"error", "feedback", "cut", "detach", "cotangent", "barrier"} {
		t[mark] = copying()
	}
	return t
}

// copying returns the kernel of ops whose result has the operand's elements in the operand's order.
func copying() Kernel {
	return elements(perElement, copyElements[float32], copyElements[float64], copyElements[int32], copyElements[bool]).inPlace(0)
}

func copyElements[T element](c *Call, lo, hi int) error {
	out, x := data[T](c.Out[0])[lo:hi], data[T](c.In[0])[lo:hi]
	if len(x) > 0 && &out[0] != &x[0] { // they may be the same memory
		copy(out, x)
	}
	return nil
}

func fill[T element](c *Call, lo, hi int) error {
	v := convert[T](c.Node.Float("value"))
	out := data[T](c.Out[0])[lo:hi]
	for i := range out {
		out[i] = v
	}
	return nil
}
