// Package graphpaint draws layer graphs into plain images: it measures the boxes, has package graphlayout place them and
// paints any part of the drawing at any zoom into an *image.RGBA, fast enough to do so for every zoom step.
//
// A Scene says what there is (boxes with titles and rows, lines with labels). Arrange turns it into a Drawing: fixed
// positions with an index by place, for painting and for hit tests. A Painter paints a View of a Drawing in the colours of
// a Palette, and exports the whole of it as PNG or SVG.
//
// What is not visible is not touched; what is too small to be read becomes a plain block. Nothing here knows of windows.
package graphpaint
