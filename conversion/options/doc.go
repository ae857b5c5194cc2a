// Package options reads settings declared once as tagged structs, so that the
// window draws its forms, the command line its flags and the recipe file its
// keys from the same declaration.
//
// Tags of a field: key (stable name, "-" hides it), title, help, unit, min,
// max, step, choices (separated by "|"), when ("other=value": shown only then),
// more ("true": for those who know, folded away in forms).
// Defaults are the values of the struct that a pass or target offers. Kinds:
// bool, int, float64, string, []string, map[string]float64 and nested structs,
// whose keys are joined by a dot.
package options
