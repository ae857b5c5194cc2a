// Package attention holds the operators of transformers and of state-space
// models: attention in its forms, rotary positions, linear attention.
package attention
