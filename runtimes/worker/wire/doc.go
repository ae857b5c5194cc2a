// Package wire is what a worker process and its host say to each other: frames
// of a four-byte little-endian length and one protobuf-encoded Message, over a
// byte stream. Both sides treat what they read as hostile: lengths are bounded,
// tensors are checked against their bytes, and nothing panics.
package wire

// Version is the protocol's; a host and a guest of different versions part at
// the handshake.
const Version = 1

// MaxFrame bounds one frame, tensors included.
const MaxFrame = 1 << 31

// CookieEnv names the environment variable through which the host hands a
// random cookie to the guest, which sends it back in its hello: a program that
// is no guest ends at the handshake.
const CookieEnv = "SLIPWAY_WORKER_COOKIE"
