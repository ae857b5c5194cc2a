package graphscene

import (
	"bytes"
	"context"

	"slipway/conversion/ir"
	"slipway/ui/graphlayout"
	"slipway/ui/graphpaint"
)

// Class is the class of the picture that SVG makes: the styles in it reach
// nothing outside.
const Class = "model-graph"

// SVG draws a graph from left to right, in light colours, to be put inside a
// page. It stops with ctx.Err() when ctx ends.
func SVG(ctx context.Context, g *ir.Graph) ([]byte, error) {
	d, err := graphpaint.Arrange(ctx, Of(g), graphpaint.Options{Direction: graphlayout.Horizontal})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := graphpaint.NewPainter(d, graphpaint.Light()).WriteInline(ctx, &b, graphpaint.NoMarks, Class); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
