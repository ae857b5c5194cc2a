// Package windowtest drives the real window from outside, as a person does: the
// built program on a display of its own, keys and clicks through xdotool, files
// dropped by the drag and drop protocol, pictures of the screen looked at. Tests
// wait for what the program traces (STUDIO_TRACE), never for a time.
package windowtest
