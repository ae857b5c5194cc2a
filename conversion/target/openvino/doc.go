// Package openvino writes a graph as OpenVINO IR version 11: an .xml file that
// describes the layers and a .bin file that holds the constants.
//
// Each operator family has one emitter file. An emitter says when the operator's
// form can be spelled (legal) and adds the layers that spell it (emit). The
// graph is held as a list of layers; constants go to the .bin file at once, so
// that a model's weights are never in memory twice. Equal constants are stored
// once, each at a multiple of 64 bytes.
package openvino
