#!/usr/bin/env python3
"""boosted.py FOLDER: small models of CatBoost, XGBoost and LightGBM as those export them, in the layout of ONNX's conformance data, with
what ONNX Runtime answers, which is held against the library's own predictions. Made with catboost 1.2.10, xgboost 3.2.0, lightgbm
4.7.0, onnxmltools 1.16.0, onnx 1.18.0 and onnxruntime 1.32.0."""
import os
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort
from case import columns, save
from catboost import CatBoostClassifier, CatBoostRegressor
from lightgbm import LGBMClassifier, LGBMRegressor
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from xgboost import XGBClassifier, XGBRegressor

rng = np.random.default_rng(0)
X = rng.standard_normal((300, 6)).astype(np.float32)
GAPS = np.where(rng.random(X.shape) < 0.1, np.float32("nan"), X)
REAL = (2 * X[:, 0] + np.sin(X[:, 1])).astype(np.float32)
TWO = (X[:, 0] * X[:, 3] > 0).astype(int)
THREE = (X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 2] > 0.5)
WORDS = np.where(TWO > 0, "yes", "no")
SMALL = {"n_estimators": 6, "max_depth": 3}
MODELS = {
    "catboost_2": (CatBoostClassifier(iterations=6, depth=3, verbose=0, allow_writing_files=False), X, TWO),
    "catboost_words": (CatBoostClassifier(iterations=6, depth=3, verbose=0, allow_writing_files=False), X, WORDS),
    "catboost_3": (CatBoostClassifier(iterations=6, depth=3, verbose=0, allow_writing_files=False, loss_function="MultiClass"), X, THREE),
    "catboost_r": (CatBoostRegressor(iterations=6, depth=3, verbose=0, allow_writing_files=False), X, REAL),
    "xgboost_2": (XGBClassifier(**SMALL), X, TWO),
    "xgboost_3": (XGBClassifier(**SMALL), X, THREE),
    "xgboost_gaps": (XGBRegressor(**SMALL), GAPS, REAL),
    "lightgbm_2": (LGBMClassifier(**SMALL, verbose=-1), X, TWO),
    "lightgbm_3": (LGBMClassifier(**SMALL, verbose=-1), X, THREE),
    "lightgbm_r": (LGBMRegressor(**SMALL, verbose=-1), X, REAL),
}


def exported(model):
    if type(model).__module__.startswith("catboost"):
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "model.onnx")
            model.save_model(path, format="onnx")
            return onnx.load(path)
    convert = convert_xgboost if type(model).__module__.startswith("xgboost") else convert_lightgbm
    return convert(model, initial_types=[("X", FloatTensorType([None, X.shape[1]]))])


def make(folder, name, model, x, y):
    model.fit(x, y)
    proto, x = exported(model), x[:12]
    values = ort.InferenceSession(proto.SerializeToString()).run(None, {proto.graph.input[0].name: x})
    for i, value in enumerate(map(columns, values)):
        own = np.asarray(model.predict_proba(x) if i else model.predict(x)).reshape(value.shape)
        assert (value == own).all() if value.dtype.kind in "OUi" else np.allclose(value, own, rtol=1e-4, atol=1e-5), name
    save(folder, name, proto, x, values)


for name, (model, x, y) in MODELS.items():
    make(sys.argv[1], name, model, x, y)
