package signal

var blackmanWindowDef = window("BlackmanWindow", "Makes a Blackman window with the constants 0.42, 0.5 and 0.08.", 0.42, -0.5, 0.08)
