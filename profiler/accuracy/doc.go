// Package accuracy scores models on pictures: top-1 and top-5 against labels
// with confidence intervals, and agreement with the first model, which needs no
// labels.
package accuracy
