"""A one-stage detector as today's exporters write them: Focus stem, CSP backbone with SiLU, SPPF, a PAN neck with nearest
upsampling, and three heads whose boxes are decoded against a grid inside the network."""
import torch
from torch import nn


class Conv(nn.Module):
    def __init__(self, cin, cout, k=1, s=1):
        super().__init__()
        self.conv, self.bn, self.act = nn.Conv2d(cin, cout, k, s, k // 2, bias=False), nn.BatchNorm2d(cout), nn.SiLU()

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


class Focus(nn.Module):
    """Every second pixel of both directions becomes a channel of its own."""

    def __init__(self, cin, cout):
        super().__init__()
        self.conv = Conv(4 * cin, cout, 3)

    def forward(self, x):
        return self.conv(torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1))


class Bottleneck(nn.Module):
    def __init__(self, c, add):
        super().__init__()
        self.a, self.b, self.add = Conv(c, c), Conv(c, c, 3), add

    def forward(self, x):
        y = self.b(self.a(x))
        return x + y if self.add else y


class CSP(nn.Module):
    def __init__(self, cin, cout, n=1, add=True):
        super().__init__()
        h = cout // 2
        self.a, self.b, self.out = Conv(cin, h), Conv(cin, h), Conv(2 * h, cout)
        self.m = nn.Sequential(*(Bottleneck(h, add) for _ in range(n)))

    def forward(self, x):
        return self.out(torch.cat([self.m(self.a(x)), self.b(x)], 1))


class SPPF(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.a, self.pool, self.out = Conv(cin, cin // 2), nn.MaxPool2d(5, 1, 2), Conv(2 * cin, cout)

    def forward(self, x):
        x = self.a(x)
        y = self.pool(x)
        z = self.pool(y)
        return self.out(torch.cat([x, y, z, self.pool(z)], 1))


class Detect(nn.Module):
    """Boxes in pixels, objectness and class probabilities of all cells: [batch, cells, 5+classes]."""

    def __init__(self, channels, strides, classes):
        super().__init__()
        self.strides, self.no = strides, 5 + classes
        self.boxes = nn.ModuleList(nn.Sequential(Conv(c, c, 3), nn.Conv2d(c, 5, 1)) for c in channels)
        self.classes = nn.ModuleList(nn.Sequential(Conv(c, c, 3), nn.Conv2d(c, classes, 1)) for c in channels)

    def forward(self, features):
        out = []
        for x, s, box, cls in zip(features, self.strides, self.boxes, self.classes):
            y = torch.cat([box(x), cls(x)], 1)
            b, _, h, w = y.shape
            y = y.view(b, self.no, h * w).transpose(1, 2)
            v, u = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
            grid = torch.stack((u, v), 2).view(1, h * w, 2).float()
            xy = (y[..., :2].sigmoid() * 2 - 0.5 + grid) * s
            wh = (y[..., 2:4].sigmoid() * 2) ** 2 * (4 * s)
            out.append(torch.cat((xy, wh, y[..., 4:].sigmoid()), 2))
        return torch.cat(out, 1)


class Yolo(nn.Module):
    def __init__(self, width=16, depth=1, classes=80):
        super().__init__()
        c = [width * k for k in (1, 2, 4, 8, 16)]
        self.stem = Focus(3, c[0])
        self.d2 = nn.Sequential(Conv(c[0], c[1], 3, 2), CSP(c[1], c[1], depth))
        self.d3 = nn.Sequential(Conv(c[1], c[2], 3, 2), CSP(c[2], c[2], 2 * depth))
        self.d4 = nn.Sequential(Conv(c[2], c[3], 3, 2), CSP(c[3], c[3], 2 * depth))
        self.d5 = nn.Sequential(Conv(c[3], c[4], 3, 2), CSP(c[4], c[4], depth), SPPF(c[4], c[4]))
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.l5, self.p4 = Conv(c[4], c[3]), CSP(2 * c[3], c[3], depth, False)
        self.l4, self.p3 = Conv(c[3], c[2]), CSP(2 * c[2], c[2], depth, False)
        self.down3, self.n4 = Conv(c[2], c[2], 3, 2), CSP(2 * c[2], c[3], depth, False)
        self.down4, self.n5 = Conv(c[3], c[3], 3, 2), CSP(2 * c[3], c[4], depth, False)
        self.detect = Detect(c[2:], (8, 16, 32), classes)

    def forward(self, x):
        f3 = self.d3(self.d2(self.stem(x)))
        f4 = self.d4(f3)
        l5 = self.l5(self.d5(f4))
        l4 = self.l4(self.p4(torch.cat([self.up(l5), f4], 1)))
        n3 = self.p3(torch.cat([self.up(l4), f3], 1))
        n4 = self.n4(torch.cat([self.down3(n3), l4], 1))
        n5 = self.n5(torch.cat([self.down4(n4), l5], 1))
        return self.detect([n3, n4, n5])
