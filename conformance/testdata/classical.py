#!/usr/bin/env python3
"""classical.py FOLDER: small models of scikit-learn as skl2onnx writes them, in the layout of ONNX's conformance data, with what
ONNX Runtime answers. Made with scikit-learn 1.9.1, skl2onnx 1.20.0, onnx 1.22.0 and onnxruntime 1.31.1."""
import sys
import warnings

import numpy as np
import onnxruntime as ort
from case import save
from skl2onnx import to_onnx
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (AdaBoostClassifier, BaggingClassifier, ExtraTreesClassifier, GradientBoostingClassifier,
                              GradientBoostingRegressor, IsolationForest, RandomForestClassifier, RandomForestRegressor,
                              VotingClassifier)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import ElasticNet, LinearRegression, LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (Binarizer, MinMaxScaler, Normalizer, OneHotEncoder, OrdinalEncoder, PolynomialFeatures,
                                   StandardScaler)
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC, OneClassSVM
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

warnings.filterwarnings("ignore")
rng = np.random.default_rng(7)
X = rng.normal(size=(120, 4)).astype(np.float32)
GAPS = X.copy()
GAPS[rng.random(X.shape) < 0.1] = np.nan
TWO = (X[:, 0] + 0.5 * X[:, 1] ** 2 > 0.3).astype(np.int64)
THREE = np.digitize(X[:, 0] + X[:, 1] * X[:, 2], [-0.4, 0.5]).astype(np.int64)
FIVE = np.digitize(X[:, 0] + X[:, 1] * X[:, 2], [-1, -0.4, 0.1, 0.5]).astype(np.int64)
WORDS = np.array(["a", "b", "c"])[THREE]
REAL = (X @ np.array([1, -2, 0.5, 0.1]) + 0.1 * X[:, 0] ** 2).astype(np.float32)
PAIR = np.stack([REAL, X[:, 0] * X[:, 1]], 1)

# name: (model, what it learns from, what it learns)
CLASSIFIERS = {
    "logistic_2": (LogisticRegression(), X, TWO),
    "logistic_3": (LogisticRegression(), X, THREE),
    "logistic_words": (LogisticRegression(), X, WORDS),
    "ridge_classifier": (RidgeClassifier(), X, THREE),
    "sgd_2": (SGDClassifier(random_state=0), X, TWO),
    "svc_linear_3": (SVC(kernel="linear"), X, THREE),
    "svc_rbf_2": (SVC(), X, TWO),
    "svc_rbf_3": (SVC(), X, THREE),
    "svc_poly": (SVC(kernel="poly"), X, THREE),
    "svc_sigmoid": (SVC(kernel="sigmoid"), X, TWO),
    "svc_probability": (SVC(probability=True, random_state=0), X, TWO),
    "svc_probability_3": (SVC(kernel="linear", probability=True, random_state=0), X, THREE),
    "svc_probability_5": (SVC(probability=True, random_state=0), X, FIVE),
    "nu_svc_probability": (NuSVC(nu=0.2, kernel="poly", probability=True, random_state=0), X, THREE),
    "tree_2": (DecisionTreeClassifier(max_depth=4, random_state=0), X, TWO),
    "tree_3": (DecisionTreeClassifier(max_depth=4, random_state=0), X, THREE),
    "forest_2": (RandomForestClassifier(8, max_depth=4, random_state=0), X, TWO),
    "forest_3": (RandomForestClassifier(8, max_depth=4, random_state=0), X, WORDS),
    "extra": (ExtraTreesClassifier(8, max_depth=3, random_state=0), X, THREE),
    "boost_2": (GradientBoostingClassifier(n_estimators=6, random_state=0), X, TWO),
    "boost_3": (GradientBoostingClassifier(n_estimators=6, random_state=0), X, THREE),
    "ada": (AdaBoostClassifier(n_estimators=4, random_state=0), X, THREE),
    "bagging": (BaggingClassifier(n_estimators=3, random_state=0), X, THREE),
    "knn": (KNeighborsClassifier(3), X, THREE),
    "mlp": (MLPClassifier((8,), max_iter=40, random_state=0), X, THREE),
    "bayes": (GaussianNB(), X, THREE),
    "lda": (LinearDiscriminantAnalysis(), X, THREE),
    "voting": (VotingClassifier([("a", LogisticRegression()), ("b", DecisionTreeClassifier(max_depth=3, random_state=0))],
                                voting="soft", flatten_transform=False), X, THREE),
    "pipeline": (make_pipeline(SimpleImputer(), StandardScaler(), PCA(3), LogisticRegression()), GAPS, THREE),
    "columns": (make_pipeline(ColumnTransformer([("s", StandardScaler(), [0, 1]), ("n", Normalizer(), [2, 3])]),
                              RandomForestClassifier(4, max_depth=3, random_state=0)), X, THREE),
}
OTHERS = {
    "logistic_zipmap": (LogisticRegression(), X, THREE),
    "linear_svc": (LinearSVC(), X, THREE),
    "linear": (LinearRegression(), X, REAL),
    "linear_2": (LinearRegression(), X, PAIR),
    "elastic": (ElasticNet(), X, REAL),
    "svr": (SVR(), X, REAL),
    "svr_linear": (SVR(kernel="linear"), X, REAL),
    "one_class": (OneClassSVM(), X, None),
    "tree_r": (DecisionTreeRegressor(max_depth=4, random_state=0), X, REAL),
    "tree_r2": (DecisionTreeRegressor(max_depth=4, random_state=0), X, PAIR),
    "forest_r": (RandomForestRegressor(8, max_depth=4, random_state=0), X, REAL),
    "boost_r": (GradientBoostingRegressor(n_estimators=6, random_state=0), X, REAL),
    "isolation": (IsolationForest(n_estimators=5, max_samples=32, random_state=0), X, None),
    "normal_l1": (Normalizer("l1"), X, None),
    "normal_l2": (Normalizer("l2"), X, None),
    "normal_max": (Normalizer("max"), X, None),
    "imputer": (make_pipeline(SimpleImputer(), StandardScaler()), GAPS, None),
    "minmax": (MinMaxScaler(), X, None),
    "poly": (PolynomialFeatures(2), X, None),
    "binarizer": (Binarizer(threshold=0.2), X, None),
    "pca": (PCA(2), X, None),
    "kmeans": (KMeans(3, n_init=1, random_state=0), X, None),
    "knn_r": (KNeighborsRegressor(3), X, REAL),
    "mlp_r": (MLPRegressor(hidden_layer_sizes=(8,), max_iter=40, random_state=0), X, REAL),
    "onehot": (OneHotEncoder(handle_unknown="ignore", sparse_output=False), THREE[:, None], None),
    "onehot_strict": (OneHotEncoder(sparse_output=False), THREE[:, None], None),
    "onehot_words": (OneHotEncoder(handle_unknown="ignore", sparse_output=False), WORDS[:, None].astype(object), None),
    "ordinal": (OrdinalEncoder(), THREE[:, None], None),
}


def make(folder, name, model, x, y, options):
    model.fit(x, y) if y is not None else model.fit(x)
    proto = to_onnx(model, x[:1], options={id(model): options} if options else None, target_opset={"": 18, "ai.onnx.ml": 3})
    x = x[:12]
    save(folder, name, proto, x, ort.InferenceSession(proto.SerializeToString()).run(None, {"X": x}))


for name, (model, x, y) in CLASSIFIERS.items():
    make(sys.argv[1], name, model, x, y, {"zipmap": False})
for name, (model, x, y) in OTHERS.items():
    make(sys.argv[1], name, model, x, y, None)
