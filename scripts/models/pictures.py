"""Seeded inputs that look like pictures to a network: noise whose power falls with frequency, as in photographs (Field, 1987),
coloured, with a few flat rectangles, normalised as the vision models expect it. White noise would leave most of a random
network's features at their means."""
import numpy as np


def pictures(count, size, seed, channels=3):
    """count pictures [count, channels, size, size], float32, about zero mean and unit variance; every seed has its own."""
    rng = np.random.default_rng(seed)
    f = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])
    f[0, 0] = 1 / size
    out = np.empty((count, channels, size, size), np.float32)
    for i in range(count):
        shared, own = (rng.standard_normal((n, size, size)) for n in (1, channels))
        x = np.fft.irfft2(np.fft.rfft2(shared + 0.5 * own) / f ** rng.uniform(0.8, 1.2), s=(size, size))
        x /= x.std()
        for _ in range(rng.integers(1, 5)):
            (y0, y1), (x0, x1) = (np.sort(rng.integers(0, size, 2)) for _ in range(2))
            x[:, y0:y1, x0:x1] = 0.3 * x[:, y0:y1, x0:x1] + rng.normal(0, 1.2, (channels, 1, 1))
        out[i] = np.clip(x * rng.uniform(0.6, 1.1) + rng.normal(0, 0.3), -2.2, 2.6)
    return out
