"""The workloads of `graft bench`, written for PyTorch as its users would.

Every model takes its parameters and its inputs from the file that `graft bench WORKLOAD --start FILE` writes, so both sides begin with
the same numbers. Weights of Linear layers are stored [in, out] there. `points` and `site` are what direct feedback alignment
marks; in backpropagation both return what they are given.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


def linear(start, name):
    """nn.Linear with the parameters name/weight and name/bias."""
    weight = start[f"param/{name}/weight"]
    layer = nn.Linear(*weight.shape, bias=f"param/{name}/bias" in start)
    layer.weight.data = weight.t().contiguous()
    if layer.bias is not None:
        layer.bias.data = start[f"param/{name}/bias"].clone()
    return layer


def parameter(start, name):
    return nn.Parameter(start[f"param/{name}"].clone())


class Model(nn.Module):
    """A model with its inputs: loss() is the forward pass of one step."""

    def __init__(self, start, options, dfa):
        super().__init__()
        self.options, self.dfa = options, dfa
        self.build(start)

    def option(self, name, kind=float):
        return kind(self.options[f"option.{name}"])

    def point(self, h, level="macro", graft=True):
        return h if self.dfa is None else self.dfa.point(h, level, graft)

    def site(self, o):
        return o if self.dfa is None else self.dfa.site(o)

    def groups(self):
        """Parameter groups of the optimizer: all parameters without decay."""
        return [{"params": list(self.parameters())}]

    def optimizer(self):
        return torch.optim.Adam(self.groups(), lr=float(self.options["lr"]), fused=True)

    clip = 0.0  # the largest global norm of the gradients; 0 does not clip


class MLP(Model):
    def build(self, start):
        n = len(self.options["option.hidden"].split(","))
        self.hidden = nn.ModuleList(linear(start, f"dense{i}") for i in range(n))
        self.output = linear(start, "output")
        self.x, self.label = start["input/x"], start["input/label"].long()

    def loss(self):
        h = self.x
        for layer in self.hidden:
            h = self.point(F.relu(layer(h)))
        return F.cross_entropy(self.site(self.output(h)), self.label)

    def optimizer(self):
        return torch.optim.SGD(self.parameters(), lr=float(self.options["lr"]), momentum=0.9, fused=True)


class SparseProduct(torch.autograd.Function):
    """A sparse matrix of given entries times a dense one, with the transposed order of the entries made beforehand.

    torch.sparse.mm sorts or converts in every backward pass; this is the quickest that PyTorch's own kernels allow."""

    @staticmethod
    def forward(ctx, matrix, entries, x):
        ctx.matrix = matrix
        ctx.save_for_backward(entries)
        return matrix.rows(entries) @ x

    @staticmethod
    def backward(ctx, g):
        (entries,) = ctx.saved_tensors
        return None, None, ctx.matrix.columns(entries) @ g


class Sparse:
    """The places of a sparse matrix's entries, by row and by column."""

    def __init__(self, start, name, width):
        self.indptr, self.indices = start[f"input/{name}.indptr"], start[f"input/{name}.indices"]
        self.entries = start.get(f"input/{name}/entries")  # None where a model uses the places alone
        self.shape = (len(self.indptr) - 1, width)
        row = torch.repeat_interleave(torch.arange(self.shape[0]), self.indptr.diff().long())
        self.row, self.col = row, self.indices.long()
        self.order = torch.argsort(self.col, stable=True)
        counts = torch.bincount(self.col, minlength=width)
        self.indptr_t = F.pad(counts.cumsum(0), (1, 0)).to(torch.int32)
        self.indices_t = row[self.order].to(torch.int32)

    def rows(self, entries):
        return torch.sparse_csr_tensor(self.indptr, self.indices, entries, self.shape, check_invariants=False)

    def columns(self, entries):
        return torch.sparse_csr_tensor(
            self.indptr_t, self.indices_t, entries[self.order], self.shape[::-1], check_invariants=False)

    def times(self, x, entries=None):
        return SparseProduct.apply(self, self.entries if entries is None else entries, x)


class Graph(Model):
    def inputs(self, start):
        self.x = Sparse(start, "x", self.option("features", int))
        self.links = Sparse(start, "propagation", len(start["input/label"]))
        # The loss is the mean over the marked nodes.
        self.marked = start["input/mask"].nonzero().squeeze(1)
        self.label = start["input/label"].long()[self.marked]

    def decide(self, logits):
        return F.cross_entropy(self.site(logits)[self.marked], self.label)


class GraphConv(Graph):
    def build(self, start):
        self.inputs(start)
        for name in ("conv1", "conv2"):
            setattr(self, name + "_weight", parameter(start, name + "/weight"))
            setattr(self, name + "_bias", parameter(start, name + "/bias"))

    def loss(self):
        h = F.relu(self.links.times(self.x.times(self.conv1_weight)) + self.conv1_bias)
        h = self.point(F.dropout(h, self.option("dropout")))
        return self.decide(self.links.times(h @ self.conv2_weight) + self.conv2_bias)

    def groups(self):
        return [{"params": [self.conv1_weight, self.conv1_bias], "weight_decay": 5e-4},
                {"params": [self.conv2_weight, self.conv2_bias]}]


class GAT(Graph):
    def build(self, start):
        self.inputs(start)
        self.layers = nn.ModuleList()
        for name in ("conv1", "conv2"):
            layer = nn.Module()
            layer.weight = parameter(start, name + "/lin/weight")
            layer.att_i, layer.att_j = parameter(start, name + "/att_i"), parameter(start, name + "/att_j")
            layer.bias = parameter(start, name + "/bias")
            self.layers.append(layer)

    def attend(self, z, layer, dropout):
        """z [nodes, heads, width]; rows of the pattern are targets."""
        row, col, nodes = self.links.row, self.links.col, z.shape[0]
        e = (z * layer.att_i).sum(2)[row] + (z * layer.att_j).sum(2)[col]
        e = F.leaky_relu(e, 0.2)
        top = torch.full((nodes, e.shape[1]), -math.inf).scatter_reduce(
            0, row[:, None].expand_as(e), e.detach(), "amax")
        w = (e - top[row]).exp()
        alpha = w / torch.zeros(nodes, e.shape[1]).index_add(0, row, w)[row]
        alpha = F.dropout(alpha, dropout)
        y = torch.zeros_like(z).index_add(0, row, alpha[:, :, None] * z[col])
        return y.flatten(1) + layer.bias

    def loss(self):
        first, second = self.layers
        dropped = F.dropout(self.x.entries, self.option("dropout"))
        heads, width = first.att_i.shape[1:]
        z = self.x.times(first.weight, dropped).view(-1, heads, width)
        h = self.point(F.elu(self.attend(z, first, self.option("attention_dropout"))))
        h = F.dropout(h, self.option("dropout"))
        z = (h @ second.weight).view(-1, 1, second.weight.shape[1])
        return self.decide(self.attend(z, second, self.option("output_attention_dropout")))

    def groups(self):
        return [{"params": list(self.parameters()), "weight_decay": 5e-4}]


class NeRF(Model):
    """The fine network and the renderer."""

    def build(self, start):
        names = [k[len("param/fine/"):-len("/weight")] for k in start if k.startswith("param/fine/") and k.endswith("/weight")]
        trunk = ["layer1"] + sorted(n for n in names if n.startswith("layers_xyz"))
        self.trunk = nn.ModuleList(linear(start, "fine/" + n) for n in trunk)
        for n in ("fc_alpha", "fc_feat", "fc_rgb"):
            setattr(self, n, linear(start, "fine/" + n))
        self.dir = linear(start, "fine/layers_dir/0")
        self.position, self.view = start["input/position"], start["input/view"]
        self.depth, self.color = start["input/depth"], start["input/color"]

    def loss(self):
        h = self.position
        for layer in self.trunk:
            h = self.point(F.relu(layer(h)))
        feat = self.point(F.relu(self.fc_feat(h)))
        turned = self.point(F.relu(self.dir(torch.cat([feat, self.view], 1))))
        raw = self.site(torch.cat([self.fc_rgb(turned), self.fc_alpha(h)], 1))
        raw = raw.view(*self.depth.shape, 4)
        delta = torch.cat([self.depth.diff(dim=1), torch.full((len(self.depth), 1), 1e10)], 1)
        clear = torch.exp(-F.relu(raw[..., 3]) * delta)
        through = torch.cumprod(clear + 1e-10, 1)
        through = torch.cat([torch.ones(len(self.depth), 1), through[:, :-1]], 1)
        weights = (1 - clear) * through
        rgb = (weights[..., None] * torch.sigmoid(raw[..., :3])).sum(1)
        if self.option("white", str) == "true":
            rgb = rgb + 1 - weights.sum(1, keepdim=True)
        return F.mse_loss(rgb, self.color)


class Clicks(Model):
    def inputs(self, start):
        self.x, self.label = start["input/x"].long(), start["input/label"].float()
        self.embedding = parameter(start, "embedding/weight")

    def block(self, start, name):
        b = nn.Module()
        b.dense = linear(start, name + "/dense")
        b.norm = nn.BatchNorm1d(b.dense.out_features)
        return b

    def tower(self, h, blocks):
        for b in blocks:
            h = self.point(F.dropout(F.relu(b.norm(b.dense(h))), self.option("dropout")))
        return h


class DeepFM(Clicks):
    def build(self, start):
        self.inputs(start)
        self.linear, self.bias = parameter(start, "linear/weight"), parameter(start, "linear/bias")
        n = len(self.options["option.mlp"].split(","))
        self.blocks = nn.ModuleList(self.block(start, f"mlp{i}") for i in range(n))
        self.output = linear(start, "output")

    def loss(self):
        e = F.embedding(self.x, self.embedding)
        first = F.embedding(self.x, self.linear).sum(1) + self.bias
        second = 0.5 * (e.sum(1) ** 2 - (e ** 2).sum(1)).sum(1, keepdim=True)
        h = self.tower(self.point(e.flatten(1), graft=False), self.blocks)
        logit = first + second + self.site(self.output(h))
        return F.binary_cross_entropy_with_logits(logit.squeeze(1), self.label)


class DCN(Clicks):
    clip = 100.0

    def build(self, start):
        self.inputs(start)
        self.cross = nn.ModuleList()
        for i in range(self.option("cross", int)):
            c = nn.Module()
            c.weight, c.bias = parameter(start, f"cross{i}/weight"), parameter(start, f"cross{i}/bias")
            self.cross.append(c)
        n = len(self.options["option.deep"].split(","))
        self.blocks = nn.ModuleList(self.block(start, f"deep{i}") for i in range(n))
        self.output = linear(start, "output")

    def loss(self):
        x0 = self.point(F.embedding(self.x, self.embedding).flatten(1))
        x = x0
        for i, c in enumerate(self.cross):
            x = x0 * (x @ c.weight) + c.bias + x
            if i + 1 < len(self.cross):
                x = self.point(x)
        h = self.point(torch.cat([x, self.tower(x0, self.blocks)], 1))
        return F.binary_cross_entropy_with_logits(self.site(self.output(h)).squeeze(1), self.label)


class Transformer(Model):
    clip = 0.5

    def build(self, start):
        self.tokens, self.target = start["input/tokens"].long(), start["input/target"].long().flatten()
        self.embedding, width = parameter(start, "embedding/weight"), self.option("width", int)
        self.decoder = linear(start, "decoder")
        time = self.tokens.shape[1]
        angle = torch.arange(time)[:, None] * torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
        self.positions = torch.stack([angle.sin(), angle.cos()], 2).flatten(1)
        self.blocks = nn.ModuleList()
        for i in range(self.option("blocks", int)):
            b, name = nn.Module(), f"block{i}"
            b.qkv, b.out = linear(start, name + "/attention/in"), linear(start, name + "/attention/out")
            b.hidden, b.back = linear(start, name + "/ffn/hidden"), linear(start, name + "/ffn/out")
            b.norm1, b.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.blocks.append(b)

    def loss(self):
        p, heads = self.option("dropout"), self.option("heads", int)
        batch, time = self.tokens.shape
        h = F.embedding(self.tokens, self.embedding) * math.sqrt(self.embedding.shape[1]) + self.positions
        h = F.dropout(h, p)
        for b in self.blocks:
            q, k, v = (t.view(batch, time, heads, -1).transpose(1, 2) for t in b.qkv(h).chunk(3, 2))
            a = F.scaled_dot_product_attention(q, k, v, dropout_p=p, is_causal=True)
            a = b.out(a.transpose(1, 2).flatten(2))
            h = self.point(b.norm1(h + F.dropout(a, p)), "micro")
            f = self.point(F.dropout(F.relu(b.hidden(h)), p), "micro")
            h = self.point(b.norm2(h + F.dropout(b.back(f), p)))
        logits = self.decoder(self.site(h))
        return F.cross_entropy(logits.flatten(0, 1), self.target)

    def optimizer(self):
        return torch.optim.Adam(self.parameters(), lr=float(self.options["lr"]), eps=1e-9, fused=True)


MODELS = {"mlp": MLP, "gcn": GraphConv, "gat": GAT, "nerf-fine": NeRF, "deepfm": DeepFM, "dcn": DCN, "transformer": Transformer}
