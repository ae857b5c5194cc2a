// Package pool defines the pooling operators: maximum, average and Lp, over a
// sliding window or over the whole spatial extent.
package pool
