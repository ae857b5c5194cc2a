package onnx

import "slipway/conversion/diag"

const (
	fetchAgain  = "fetch or copy the file again and compare its size with the original's"
	exportAgain = "export the model again; `onnx.checker.check_model` says whether the exporter wrote it right"
	together    = "copy the files of external data beside the model, as they were exported, or save the model with its weights inside"
	simplify    = "write the model with plain tensors (sparse ones made dense) and export it again"
)

// cures says, by the code of a finding, what a person can do about it, where the
// place that made the finding has nothing better to say.
var cures = map[string]string{
	"onnx.truncated":          fetchAgain,
	"onnx.empty":              fetchAgain,
	"onnx.corrupt":            fetchAgain,
	"onnx.unreadable":         "check the path and the permission to read it",
	"onnx.not-a-model":        "give the file that the exporter wrote; a weights or tensor file alone holds no graph",
	"onnx.attribute-type":     exportAgain,
	"onnx.bad-node":           exportAgain,
	"onnx.duplicate-name":     exportAgain,
	"onnx.missing-input":      exportAgain,
	"onnx.missing-output":     exportAgain,
	"onnx.no-opset":           exportAgain,
	"onnx.no-output":          exportAgain,
	"onnx.output-count":       exportAgain,
	"onnx.tensor-size":        exportAgain,
	"onnx.element-type":       exportAgain,
	"onnx.recursive-function": exportAgain,
	"onnx.too-deep":           exportAgain,
	"onnx.output-type":        exportAgain,
	"graph.cycle":             exportAgain,
	"onnx.unknown-operator":   "export with standard operators: by another opset, or without the custom operator's extension",
	"onnx.external-data":      together,
	"onnx.external-missing":   together,
	"onnx.external-path":      together,
	"onnx.external-range":     together,
	"onnx.external-refused":   together,
	"onnx.sparse":             simplify,
	"onnx.input-type":         "export the model with tensors as its inputs and outputs",
	"onnx.input-shape":        "look at the inputs with `studio inspect` and give shapes that fit them",
	"onnx.too-large":          "fix the input shapes to smaller ones with --input-shape",
	"onnx.too-many-nodes":     "unroll fewer steps or export a part of the model",
}

// cure fills in the suggestions that l lacks.
func cure(l diag.List) {
	for _, f := range l {
		if f.Suggestion == "" && f.Severity == diag.Error {
			f.Suggestion = cures[f.Code]
		}
	}
}
