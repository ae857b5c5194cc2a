// Command studio-file-dialog shows one native file dialog and prints what was chosen.
//
// It is an executable of its own because the dialogs' library (GTK on Linux) must not be linked into the studio: the
// studio would not start where GTK is missing, a dialog would hold up its window, and two dialogs at once end the
// process. The studio starts this program as a child, one at a time, and falls back to its own dialogs where the
// program is missing or answers with status 2.
//
//	studio-file-dialog open|save|folder [--title T] [--dir D] [--name N] [--filter "Models:onnx,tflite"]...
//
// Standard output is one JSON document, {"paths": ["/chosen/path"]}. Exit status: 0 something was chosen, 1 the
// user cancelled, 2 no dialog could be shown (the reason is on standard error) or the call is wrong.
//
// On Linux it is built with the tag "gtk", which needs GTK 3's headers; without the tag it only says so and ends with
// status 2.
package main
