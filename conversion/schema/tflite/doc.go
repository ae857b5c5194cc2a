// Package tflite writes the TensorFlow Lite container (FlatBuffers file
// identifier TFL3, schema version 3): model, subgraph, tensors, operators,
// buffers, metadata and signatures, with typed option tables.
//
// The tables are declared here by hand, by field number, and hold what this
// program writes. A test compares every number with the schema module of the
// vendor's Python package. Weights are not copied into the FlatBuffers builder:
// the tables are built first and the buffers are streamed behind them, so that
// a model needs its weights in memory at most once.
package tflite
