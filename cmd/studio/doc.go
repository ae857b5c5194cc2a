// Command studio is the model deployment studio: the window without arguments
// or with files, and one verb for each thing that the window can do.
package main
