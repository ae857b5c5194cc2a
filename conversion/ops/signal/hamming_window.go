package signal

var hammingWindowDef = window("HammingWindow", "Makes a Hamming window with the constants 25/46 and 21/46.", 25./46, -21./46)
