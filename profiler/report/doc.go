// Package report writes one HTML file that tells a whole project: the model,
// the machine, every artefact with its verdict, latency, accuracy and memory in
// charts, tested pictures, findings, recipes and how to do it again. The file
// needs nothing else: styles, charts, pictures and the charts' font are inside
// it, there are no scripts, and it follows the reader's light or dark setting.
package report
