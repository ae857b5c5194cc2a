#!/usr/bin/env python3
"""Writes the blocks of Keras in this folder, PATTERN.tf2onnx13.onnx and PATTERN.tf2onnx18.onnx by tf2onnx, or with
KERAS_BACKEND=torch PATTERN.keras.onnx by Keras's own export. Needs keras and tensorflow-cpu with tf2onnx, or torch.

    keras_blocks.py FOLDER
"""
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
BACK = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import numpy as np
import keras
from keras import layers as L, ops
keras.utils.set_random_seed(7)
out = sys.argv[1]

class RMSNorm(keras.layers.Layer):
    def build(self, s):
        self.scale = self.add_weight(shape=(s[-1],), initializer="ones")
    def call(self, x):
        return x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + 1e-6) * self.scale

class Shuffle(keras.layers.Layer):
    def call(self, x):
        n, h, w, c = x.shape
        return ops.reshape(ops.transpose(ops.reshape(x, (-1, h, w, 2, c // 2)), (0, 1, 2, 4, 3)), (-1, h, w, c))

class Pixel(keras.layers.Layer):
    """CRD, as PyTorch's pixel shuffle, on channels last."""
    def call(self, x):
        n, h, w, c = x.shape
        y = ops.reshape(x, (-1, h, w, c // 4, 2, 2))
        return ops.reshape(ops.transpose(y, (0, 1, 4, 2, 5, 3)), (-1, 2 * h, 2 * w, c // 4))

def seq(f, shape):
    i = keras.Input(shape, batch_size=1)
    return keras.Model(i, f(i))

def se(x):
    s = L.GlobalAveragePooling2D(keepdims=True)(x)
    s = L.Conv2D(4, 1, activation="relu")(s)
    s = L.Conv2D(x.shape[-1], 1, activation="sigmoid")(s)
    return L.Multiply()([x, s])

def se_dense(x):
    s = L.GlobalAveragePooling2D()(x)
    s = L.Reshape((1, 1, x.shape[-1]))(s)
    s = L.Dense(4, activation="relu")(s)
    s = L.Dense(x.shape[-1], activation="hard_sigmoid")(s)
    return L.Multiply()([x, s])

blocks = {
    "layer_norm": seq(lambda x: L.LayerNormalization(epsilon=1e-6)(L.Dense(8)(x)), (6, 8)),
    "layer_norm_2d": seq(lambda x: L.LayerNormalization(epsilon=1e-6)(L.Conv2D(8, 3, padding="same")(x)), (6, 6, 3)),
    "gelu": seq(lambda x: L.Activation("gelu")(L.Dense(8)(x)), (6, 8)),
    "gelu_tanh": seq(lambda x: keras.activations.gelu(L.Dense(8)(x), approximate=True), (6, 8)),
    "silu": seq(lambda x: L.Activation("silu")(L.Conv2D(8, 3, padding="same")(x)), (6, 6, 3)),
    "hard_swish": seq(lambda x: L.Activation("hard_silu")(L.Conv2D(8, 3, padding="same")(x)), (6, 6, 3)),
    "attention": seq(lambda x: L.MultiHeadAttention(2, 4)(x, x), (6, 8)),
    "group_norm": seq(lambda x: L.GroupNormalization(2)(L.Conv2D(8, 3, padding="same")(x)), (6, 6, 3)),
    "rms_norm": seq(lambda x: RMSNorm()(L.Dense(8)(x)), (6, 8)),
    "se": seq(lambda x: se(L.Conv2D(8, 3, padding="same")(x)), (6, 6, 3)),
    "se_dense": seq(lambda x: se_dense(L.Conv2D(8, 3, padding="same")(x)), (6, 6, 3)),
    "channel_shuffle": seq(lambda x: L.Conv2D(4, 1)(Shuffle()(L.Conv2D(8, 3, padding="same")(x))), (6, 6, 3)),
    "pixel_shuffle": seq(lambda x: Pixel()(L.Conv2D(8, 3, padding="same")(x)), (6, 6, 3)),
    "mish": seq(lambda x: L.Activation("mish")(L.Dense(8)(x)), (6, 8)),
    "softmax_attention": seq(lambda x: L.Attention(use_scale=True)([L.Dense(8)(x), L.Dense(8)(x)]), (6, 8)),
}
if hasattr(L, "RMSNormalization"):
    blocks["rms_norm_layer"] = seq(lambda x: L.RMSNormalization()(L.Dense(8)(x)), (6, 8))
if BACK == "tensorflow":
    import tensorflow as tf
    # Keras's own exact GELU uses an operator, erfc, that tf2onnx leaves unconverted.
    blocks["gelu"] = seq(lambda x: L.Lambda(lambda v: 0.5 * v * (1.0 + tf.math.erf(v * 0.70710678)))(L.Dense(8)(x)), (6, 8))
    blocks["depth_to_space"] = seq(lambda x: L.Lambda(lambda v: tf.nn.depth_to_space(v, 2))(L.Conv2D(8, 3, padding="same")(x)), (6, 6, 3))
for name, m in blocks.items():
    # Weights that are all equal would hide a wrong order.
    m.set_weights([np.random.default_rng(i).normal(0.1, 0.5, w.shape).astype(w.dtype) + (1 if w.ndim == 1 and w.min() == 1 else 0) for i, w in enumerate(m.get_weights())])
    x = np.random.default_rng(9).normal(size=m.input_shape).astype(np.float32)
    m(x)
    path = os.path.join(out, name)
    try:
        if BACK == "tensorflow":
            import tf2onnx
            for opset in (13, 18):
                f = tf.function(lambda x: m(x, training=False), input_signature=[tf.TensorSpec(m.input_shape, tf.float32, name="x")])
                tf2onnx.convert.from_function(f, input_signature=f.input_signature, opset=opset, output_path=f"{path}.tf2onnx{opset}.onnx")
        else:
            m.export(f"{path}.keras.onnx", format="onnx", verbose=False)
        print("ok", name, flush=True)
    except Exception as e:
        print("FAILED", name, type(e).__name__, str(e)[:300], flush=True)
