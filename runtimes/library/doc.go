// Package library finds the vendors' shared libraries (ONNX Runtime, OpenVINO, LiteRT, ncnn) on this machine and installs them for this user.
//
// Nothing here loads a library: a candidate's header is read as bytes and judged (is it a shared library at all,
// of this machine's architecture, whole), and the path of a good one is handed to the worker process that loads it.
// Searching order: the library's own environment variable, the user's cache, a Python's site-packages, the system's
// library folders. An environment variable that is set decides alone, so that what the user asked for is what runs.
//
// Installing goes through the user's package client (pip downloads one pinned wheel), checks the wheel's SHA-256
// against the one written here and unpacks only the libraries into the user's cache.
package library
