package randomgraph

import "maps"

// Excluded lists the operators without a generator, each with the reason.
var Excluded = map[string]string{
	"Upsample": "readers lower it to Resize; it stays in the registry for operator sets before 10",
	"Scatter":  "readers lower it to ScatterElements, which is drawn",
}

func exclude(reason string, names ...string) {
	m := map[string]string{}
	for _, n := range names {
		m[n] = reason
	}
	maps.Copy(Excluded, m)
}

func init() {
	exclude("its result is random by definition", "Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike")
	exclude("works on sequences or optional values, which nodes between tensors cannot read; ONNX's own cases check it",
		"ConcatFromSequence", "Optional", "OptionalGetElement", "OptionalHasElement", "SequenceAt", "SequenceConstruct", "SequenceEmpty",
		"SequenceErase", "SequenceInsert", "SequenceLength", "SequenceMap", "SplitToSequence")
	exclude("works on strings; ONNX's own cases check it", "RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit", "TfIdfVectorizer",
		"ai.onnx.ml.LabelEncoder")
	exclude("needs a file format's bytes; ONNX's own cases check it", "ImageDecoder")
	exclude("trains; ONNX's own cases check it", "ai.onnx.preview.training.Adagrad", "ai.onnx.preview.training.Adam", "ai.onnx.preview.training.Momentum")
	exclude("classical machine learning with tables in attributes; ONNX's own cases check it", "ai.onnx.ml.ArrayFeatureExtractor", "ai.onnx.ml.Binarizer",
		"ai.onnx.ml.Scaler", "ai.onnx.ml.TreeEnsemble")
	exclude("classical machine learning; models of scikit-learn among the conformance cases check it", "ai.onnx.ml.CategoryMapper",
		"ai.onnx.ml.FeatureVectorizer", "ai.onnx.ml.Imputer", "ai.onnx.ml.LinearClassifier", "ai.onnx.ml.LinearRegressor", "ai.onnx.ml.Normalizer",
		"ai.onnx.ml.OneHotEncoder", "ai.onnx.ml.SVMClassifier", "ai.onnx.ml.SVMRegressor", "ai.onnx.ml.TreeEnsembleClassifier",
		"ai.onnx.ml.TreeEnsembleRegressor", "ai.onnx.ml.ZipMap")
	exclude("newer than the runtime to compare with; ONNX's own cases check it", "CausalConvWithState", "LinearAttention", "ai.onnx.preview.FlexAttention")
	exclude("its many inputs depend on each other; models of whole transformers check it", "com.microsoft.EmbedLayerNormalization", "com.microsoft.GroupQueryAttention")
}
