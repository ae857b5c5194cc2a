"""A text encoder of BERT-base's size (Devlin et al., 2019): int64 tokens and mask in, features of every token and of the whole out."""
import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads, self.size = heads, d // heads
        self.q, self.k, self.v, self.out = (nn.Linear(d, d) for _ in range(4))

    def split(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, self.size).transpose(1, 2)

    def forward(self, x, bias):
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        a = (q @ k.transpose(-1, -2) / self.size**0.5 + bias).softmax(-1)
        return self.out((a @ v).transpose(1, 2).reshape(x.shape))


class Layer(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.attention, self.norm1, self.norm2 = Attention(d, heads), nn.LayerNorm(d, 1e-12), nn.LayerNorm(d, 1e-12)
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))

    def forward(self, x, bias):
        x = self.norm1(x + self.attention(x, bias))
        return self.norm2(x + self.mlp(x))


class Encoder(nn.Module):
    def __init__(self, vocabulary=30522, d=768, heads=12, layers=12, length=512):
        super().__init__()
        self.tokens, self.positions, self.norm = nn.Embedding(vocabulary, d), nn.Embedding(length, d), nn.LayerNorm(d, 1e-12)
        self.layers = nn.ModuleList(Layer(d, heads) for _ in range(layers))
        self.pooler = nn.Linear(d, d)

    def forward(self, input_ids, attention_mask):
        x = self.norm(self.tokens(input_ids) + self.positions(torch.arange(input_ids.shape[1])))
        bias = (1.0 - attention_mask[:, None, None, :].float()) * -10000.0
        for layer in self.layers:
            x = layer(x, bias)
        return x, torch.tanh(self.pooler(x[:, 0]))
