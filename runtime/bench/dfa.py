"""Direct feedback alignment in PyTorch by hooks, as in TinyDFA's quick variant.

The forward pass is the usual one, and so is the backward pass, all of it: but at every feedback point a hook replaces the gradient that
has been computed by leading columns of the projected error. The result is that of cutting the graph there; the work is
not. Points that nothing is delivered to get zeros.
"""

import torch


class DFA:
    """The feedback of one model with one error site."""

    def __init__(self, level):
        self.levels = ("macro", "micro") if level == "micro" else ("macro",)
        self.widest, self.matrix, self.projected = 0, None, None

    def point(self, h, level, graft):
        """Lets h receive the projected error instead of its gradient."""
        if level in self.levels and h.requires_grad:
            if graft:
                self.widest = max(self.widest, h.shape[-1])
            h.register_hook(lambda g: self.deliver(g) if graft else torch.zeros_like(g))
        return h

    def site(self, o):
        """Projects the gradient of o, which itself goes on as it is: B [width of o, widest point] is uniform on [-1, 1)."""
        if o.requires_grad:
            if self.matrix is None:
                self.matrix = 2 * torch.rand(o.shape[-1], self.widest) - 1
            o.register_hook(self.project)
        return o

    def project(self, error):
        self.projected = error.flatten(0, -2) @ self.matrix / self.widest ** 0.5

    def deliver(self, gradient):
        width = gradient.shape[-1]
        return self.projected[:, :width].reshape(gradient.shape)
