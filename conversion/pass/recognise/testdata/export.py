#!/usr/bin/env python3
"""Writes the pattern models of this folder: small networks as PyTorch's two exporters spell them at several operator
sets. Needs torch, torchvision, onnx and onnxscript. The file names are PATTERN.EXPORTER+SET.onnx (ts: TorchScript,
dynamo); a pattern that starts with "not_" resembles one and must stay as it is.

    export.py [PATTERN...]
"""
import os
import sys
import warnings

import onnx
import torch
import torch.nn.functional as F
from torch import nn

warnings.filterwarnings("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))
x4, x3 = torch.zeros(2, 8, 6, 4), torch.zeros(2, 5, 16)
PATTERNS = {}


def pattern(*inputs, name=None, **axes):
    def add(f):
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.f = f if isinstance(f, nn.Module) else None

            def forward(self, *x):
                return (self.f or f)(*x)
        PATTERNS[name or f.__name__] = (Model, inputs, axes)
        return f
    return add


def module(name, m, *inputs):
    pattern(*inputs, name=name)(m)


class Linear(nn.Module):
    """A layer before and one after, so that a factor of the activation could be taken into their weights."""

    def __init__(self, act):
        super().__init__()
        self.a, self.b, self.act = nn.Linear(16, 24), nn.Linear(24, 16), act

    def forward(self, x):
        return self.b(self.act(self.a(x)))


class Between(nn.Module):
    def __init__(self, act, n=8):
        super().__init__()
        self.a, self.b, self.act = nn.Conv2d(n, n, 3, padding=1), nn.Conv2d(n, n, 1), act

    def forward(self, x):
        return self.b(self.act(self.a(x)))


class LayerNorm2d(nn.Module):
    """ConvNeXt's: over the channels of a picture."""

    def __init__(self, n):
        super().__init__()
        self.w, self.b = nn.Parameter(torch.rand(n)), nn.Parameter(torch.rand(n))

    def forward(self, x):
        u = x.mean(1, keepdim=True)
        s = (x - u).pow(2).mean(1, keepdim=True)
        x = (x - u) / torch.sqrt(s + 1e-6)
        return self.w[:, None, None] * x + self.b[:, None, None]


class HandNorm(nn.Module):
    def __init__(self, unbiased=False, outside=False):
        super().__init__()
        self.w, self.b, self.unbiased, self.outside = nn.Parameter(torch.rand(16)), nn.Parameter(torch.rand(16)), unbiased, outside

    def forward(self, x):
        d = x - x.mean(-1, keepdim=True)
        if self.unbiased:
            v = d.pow(2).sum(-1, keepdim=True) / 15
        else:
            v = d.pow(2).mean(-1, keepdim=True)
        d = d / (v.sqrt() + 1e-5) if self.outside else d * torch.rsqrt(v + 1e-5)
        return d * self.w + self.b


class Read(nn.Module):
    """A part of the standardisation is a result too."""

    def forward(self, x):
        d = x - x.mean(-1, keepdim=True)
        return d / torch.sqrt(d.pow(2).mean(-1, keepdim=True) + 1e-5), d


class RMS(nn.Module):
    """LLaMA's."""

    def __init__(self, n=16, spread=1.0):
        super().__init__()
        self.w, self.spread = nn.Parameter(torch.rand(n)), spread

    def forward(self, x):
        v = x.float().pow(2).mean(-1, keepdim=True)
        return self.w * (x * torch.rsqrt(v + 1e-6)).to(x.dtype)


class Attend(nn.Module):
    def __init__(self, heads=4, mode="sdpa", mask=False):
        super().__init__()
        self.qkv, self.out, self.heads, self.mode, self.mask = nn.Linear(16, 48), nn.Linear(16, 16), heads, mode, mask

    def forward(self, x, mask=None):
        b, t, c = x.shape
        q, k, v = (z.view(b, t, self.heads, c // self.heads).transpose(1, 2) for z in self.qkv(x).chunk(3, -1))
        if self.mode == "sdpa":
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        elif self.mode == "div":
            a = q @ k.transpose(-2, -1) / (c // self.heads) ** 0.5
            y = (a if mask is None else a + mask).softmax(-1) @ v
        elif self.mode == "q":
            y = ((q * 0.5) @ k.transpose(-2, -1)).softmax(-1) @ v
        elif self.mode == "axis":  # not attention: softmax over the queries
            y = (q @ k.transpose(-2, -1) * 0.5).softmax(-2) @ v
        return self.out(y.transpose(1, 2).reshape(b, t, c))


class SqueezeExcite(nn.Module):
    def __init__(self, pool, gate):
        super().__init__()
        self.a, self.b, self.pool, self.gate = nn.Conv2d(8, 4, 1), nn.Conv2d(4, 8, 1), pool, gate

    def forward(self, x):
        return x * self.gate(self.b(F.relu(self.a(self.pool(x)))))


def focus(x):
    return torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1)


class Focus(nn.Module):
    def forward(self, x):
        return focus(x)


def s2d(x):
    n, c, h, w = x.shape
    return x.view(n, c, h // 2, 2, w // 2, 2).permute(0, 3, 5, 1, 2, 4).reshape(n, c * 4, h // 2, w // 2)


def d2s(x):
    n, c, h, w = x.shape
    return x.view(n, 2, 2, c // 4, h, w).permute(0, 3, 4, 1, 5, 2).reshape(n, c // 4, h * 2, w * 2)


def wrong_d2s(x):
    n, c, h, w = x.shape
    return x.view(n, 2, 2, c // 4, h, w).permute(0, 3, 4, 2, 5, 1).reshape(n, c // 4, h * 2, w * 2)


def shuffle(x, g=2):
    n, c, h, w = x.shape
    return x.view(n, g, c // g, h, w).transpose(1, 2).contiguous().view(n, c, h, w)


def tanh_gelu(x):
    return 0.5 * x * (1 + torch.tanh(0.7978845608028654 * (x + 0.044715 * torch.pow(x, 3))))


def quick_gelu(x):
    return x * torch.sigmoid(1.702 * x)


module("layer_norm", nn.Sequential(nn.LayerNorm(16), nn.Linear(16, 8)), x3)
module("layer_norm_2axes", nn.LayerNorm((6, 4)), x4)
module("layer_norm_plain", nn.LayerNorm(16, elementwise_affine=False), x3)
module("layer_norm_hand", HandNorm(), x3)
module("layer_norm_channels", LayerNorm2d(8), x4)
module("layer_norm_read", Read(), x3)
module("not_layer_norm_unbiased", HandNorm(unbiased=True), x3)
module("not_layer_norm_outside", HandNorm(outside=True), x3)
module("rms_norm", nn.Sequential(RMS(), nn.Linear(16, 8)), x3)
module("rms_norm_torch", nn.RMSNorm(16, eps=1e-6), x3)
module("group_norm", nn.Sequential(nn.GroupNorm(4, 8), nn.Conv2d(8, 4, 1)), x4)
module("group_norm_one", nn.GroupNorm(1, 8), x4)
module("group_norm_plain", nn.GroupNorm(2, 8, affine=False), x4)
module("instance_norm", nn.InstanceNorm2d(8, affine=True), x4)
module("gelu", Linear(nn.GELU()), x3)
module("gelu_conv", Between(nn.GELU()), x4)
module("gelu_tanh", Linear(nn.GELU(approximate="tanh")), x3)
pattern(x3, name="gelu_tanh_hand")(tanh_gelu)
pattern(x3, name="gelu_phi")(lambda x: x * 0.5 * (1 + torch.erf(x / 2**0.5)))
pattern(x3, name="gelu_phi_last")(lambda x: 0.5 * (1 + torch.erf(x * 0.7071067811865476)) * x)
pattern(x3, name="gelu_stretched")(lambda x: 0.5 * x * (1 + torch.erf(x / 1.5)))
pattern(x3, name="gelu_digits")(lambda x: x * 0.5 * (1 + torch.erf(x / 1.4142)))
pattern(x3, name="gelu_double")(lambda x: x * (1 + torch.erf(x / 2**0.5)))
pattern(x3, x3 + 1, name="not_gelu_two")(lambda x, y: 0.5 * x * (1 + torch.erf(y / 2**0.5)))
pattern(x3, name="not_gelu_tanh")(lambda x: 0.5 * x * (1 + torch.tanh(0.7978845608028654 * (x + 0.05 * torch.pow(x, 3)))))
pattern(x3, name="quick_gelu")(quick_gelu)
module("silu", Between(nn.SiLU()), x4)
module("hard_swish", Between(nn.Hardswish()), x4)
pattern(x4, name="hard_swish_relu6")(lambda x: x * F.relu6(x + 3) / 6)
module("hard_sigmoid", Between(nn.Hardsigmoid()), x4)
pattern(x4, name="hard_sigmoid_relu6")(lambda x: F.relu6(x + 3) / 6)
pattern(x4, name="not_hard_sigmoid")(lambda x: F.relu6(x + 3) / 5)
module("mish", Between(nn.Mish()), x4)
pattern(x4, name="mish_hand")(lambda x: x * torch.tanh(F.softplus(x)))
pattern(x4, name="mish_log")(lambda x: x * torch.tanh(torch.log(1 + torch.exp(x))))
pattern(x4, name="softplus")(lambda x: F.softplus(x))
pattern(x4, name="softplus_beta")(lambda x: F.softplus(x, beta=2))
pattern(x4, name="not_softplus")(lambda x: torch.where(x > 2, x, F.softplus(x)))
pattern(x4, name="softplus_log")(lambda x: torch.log(torch.exp(x) + 1))
module("elu", nn.ELU(0.5), x4)
module("leaky_relu", Between(nn.LeakyReLU(0.2)), x4)
pattern(x4, name="leaky_relu_max")(lambda x: torch.maximum(x, 0.1 * x))
pattern(x4, name="leaky_relu_where")(lambda x: torch.where(x > 0, x, 0.1 * x))
pattern(x4, name="not_leaky_relu")(lambda x: torch.maximum(x, 1.5 * x))
module("prelu", nn.PReLU(8), x4)
pattern(x4, name="clip_minmax")(lambda x: torch.minimum(torch.maximum(x, torch.tensor(-0.5)), torch.tensor(0.75)))
pattern(x4, name="relu6")(lambda x: F.relu6(x))
pattern(x3, name="softmax_hand")(lambda x: torch.exp(x - x.amax(-1, keepdim=True)) / torch.exp(x - x.amax(-1, keepdim=True)).sum(-1, keepdim=True))
pattern(x3, name="not_softmax")(lambda x: torch.exp(x - x.amax(-1, keepdim=True)) / torch.exp(x - x.amax(-1, keepdim=True)).sum(1, keepdim=True))
pattern(x3, name="l2_normalize")(lambda x: F.normalize(x, dim=-1))
pattern(x4, name="l2_normalize_channels")(lambda x: F.normalize(x, dim=1))
pattern(x3, name="l2_plain")(lambda x: x / x.pow(2).sum(-1, keepdim=True).sqrt())
pattern(x3, name="not_l2_normalize")(lambda x: x / x.pow(2).sum(-1, keepdim=True).sqrt().clamp_min(0.5))
pattern(x4, name="pixel_shuffle")(lambda x: F.pixel_shuffle(x, 2))
pattern(x4, name="pixel_unshuffle")(lambda x: F.pixel_unshuffle(x, 2))
pattern(x4, name="depth_to_space")(d2s)
pattern(x4, name="not_depth_to_space")(wrong_d2s)
pattern(x4, name="space_to_depth")(s2d)
pattern(x4, name="focus")(focus)
module("focus_conv", nn.Sequential(Focus(), nn.Conv2d(32, 8, 3, padding=1), nn.SiLU()), x4)
pattern(x4, name="not_focus")(lambda x: torch.cat([x[..., ::2, ::2], x[..., ::2, 1::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1))
pattern(x4, name="channel_shuffle")(shuffle)
pattern(x4, name="global_average_pool")(lambda x: x.mean((2, 3), keepdim=True))
pattern(x4, name="global_average_pool_flat")(lambda x: x.mean((2, 3)))
module("squeeze_excite", SqueezeExcite(nn.AdaptiveAvgPool2d(1), nn.Sigmoid()), x4)
module("squeeze_excite_mean", SqueezeExcite(lambda x: x.mean((2, 3), keepdim=True), nn.Hardsigmoid()), x4)
for mode in ("sdpa", "div", "q"):
    module("attention_" + mode, Attend(mode=mode), x3)
module("attention_mask", Attend(mode="div", mask=True), x3, torch.zeros(2, 1, 5, 5))
module("attention_sdpa_mask", Attend(mask=True), x3, torch.zeros(2, 1, 5, 5))
module("not_attention", Attend(mode="axis"), x3)
module("attention_mha", nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, activation="gelu", dropout=0.0), x3)

SETS = {"ts": (11, 13, 17), "dynamo": (18, 21)}


def export(name):
    make, inputs, _ = PATTERNS[name]
    torch.manual_seed(1)
    m = make().eval()
    for how, sets in SETS.items():
        seen = None
        for opset in sets:
            path = os.path.join(HERE, f"{name}.{how}{opset}.onnx")
            try:
                if how == "ts":
                    torch.onnx.export(m, inputs, path, opset_version=opset, dynamo=False, do_constant_folding=True)
                else:
                    p = torch.onnx.export(m, inputs, opset_version=opset, dynamo=True, verbose=False)
                    for n in p.model.graph:
                        n.metadata_props.clear()
                    p.save(path, external_data=False)
            except Exception as e:  # an exporter that cannot is no case
                print(f"{name} {how}{opset}: {type(e).__name__}: {str(e).splitlines()[0] if str(e) else ''}"[:150])
                if os.path.exists(path):
                    os.remove(path)
                continue
            model = onnx.load(path)
            for n in model.graph.node:
                n.doc_string = ""
            for v in (*model.graph.input, *model.graph.output, *model.graph.value_info):
                del v.metadata_props[:]
            del model.graph.metadata_props[:], model.metadata_props[:]
            onnx.save(model, path)
            form = [(n.op_type, len(n.input)) for n in model.graph.node]
            if form == seen:  # the same spelling as the set before
                os.remove(path)
            seen = form
            if os.path.exists(path) and os.path.getsize(path) > 20000:
                print(f"{name} {how}{opset}: {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    for n in sys.argv[1:] or PATTERNS:
        export(n)
