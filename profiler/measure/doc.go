// Package measure times opened models: cold start, percentiles with a
// confidence interval, throughput and peak memory. Several models are
// interleaved in rounds, so that a machine that slows down slows all alike.
package measure
