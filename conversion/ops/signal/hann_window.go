package signal

var hannWindowDef = window("HannWindow", "Makes a Hann window: sin² over its length.", 0.5, -0.5)
