// Package ml defines operators of ai.onnx.ml, the classical models: tables of
// labels, feature scaling and ensembles of decision trees.
package ml
