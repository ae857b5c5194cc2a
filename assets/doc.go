// Package assets carries what the program ships inside its binary: the application's icon and a sample, a trained
// image classifier with its task file, labels and photographs, so that the first run needs neither files nor network.
// NOTICE states origin and licence of each.
package assets
