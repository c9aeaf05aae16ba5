package native

func groupedReference() Table {
	return Table{
		"grouped_matmul":      floats(perRowOfResult, groupedMatmul[float32], groupedMatmul[float64]),
		"grouped_matmul_grad": floats(perGroup, groupedMatmulGrad[float32], groupedMatmulGrad[float64]),
	}
}

func perGroup(c *Call) int { return c.Out[0].Shape[0] }

// groups are the sizes of products in groups of features.
type groups struct{ count, in, out int }

// groupsOf returns the sizes of grouped_matmul.
func groupsOf(c *Call) groups {
	w := c.In[1].Shape
	if c.Node.Bool("transB") {
		return groups{w[0], w[2], w[1]}
	}
	return groups{w[0], w[1], w[2]}
}

func groupedMatmul[T float](c *Call, lo, hi int) error {
	g, x, w, y := groupsOf(c), data[T](c.In[0]), data[T](c.In[1]), data[T](c.Out[0])
	stepIn, stepOut := g.out, 1
	if c.Node.Bool("transB") {
		stepIn, stepOut = 1, g.in
	}
	for r := lo; r < hi; r++ {
		for q := range g.count {
			from, weight := x[(r*g.count+q)*g.in:], w[q*g.in*g.out:]
			for j := range g.out {
				sum := 0.0
				for i := range g.in {
					sum += float64(from[i]) * float64(weight[i*stepIn+j*stepOut])
				}
				y[(r*g.count+q)*g.out+j] = T(sum)
			}
		}
	}
	return nil
}

func groupedMatmulGrad[T float](c *Call, lo, hi int) error {
	s, x, dy, out := c.Out[0].Shape, data[T](c.In[0]), data[T](c.In[1]), data[T](c.Out[0])
	rows, g := c.In[0].Shape[0], groups{s[0], s[1], s[2]}
	for q := lo; q < hi; q++ {
		for i := range g.in {
			for j := range g.out {
				sum := 0.0
				for r := range rows {
					sum += float64(x[(r*g.count+q)*g.in+i]) * float64(dy[(r*g.count+q)*g.out+j])
				}
				out[(q*g.in+i)*g.out+j] = T(sum)
			}
		}
	}
	return nil
}
