"""Draws the application's icon, a boat on a slipway, as SVG, and renders it to PNG with rsvg-convert (Debian: librsvg2-bin):

    python3 scripts/make_icon.py assets/icons

The drawing is this file: change the shapes here, not in the output.
"""

import pathlib
import subprocess
import sys

SIZE = 512

# Colours: deep water, hull, deck line, rails of the slipway, light.
NIGHT, SEA, HULL, DECK, RAIL, FOAM = "#10233f", "#1d4d7a", "#f4f7fb", "#ff8a3d", "#8fb4d6", "#5fb0e5"


def polygon(points, fill):
    return f'<polygon points="{" ".join(f"{x},{y}" for x, y in points)}" fill="{fill}"/>'


def drawing():
    parts = [
        f'<rect width="{SIZE}" height="{SIZE}" rx="112" fill="{NIGHT}"/>',
        # The slope runs down to the right, into the water.
        f'<clipPath id="card"><rect width="{SIZE}" height="{SIZE}" rx="112"/></clipPath>',
        '<g clip-path="url(#card)">',
        f'<path d="M0 392 C96 360 160 424 256 392 S416 360 512 392 V512 H0 Z" fill="{SEA}"/>',
        polygon([(0, 300), (512, 432), (512, 470), (0, 338)], RAIL),
        "</g>",
        # The boat stands on the slope: everything above is turned with it.
        '<g transform="rotate(14.5 256 300)">',
        f'<path d="M104 262 H424 C416 318 372 352 316 352 H196 C148 352 116 320 104 262 Z" fill="{HULL}"/>',
        f'<path d="M104 262 H424 L420 284 H109 Z" fill="{DECK}"/>',
        # The sail is a layer graph: three nodes, two edges.
        f'<g stroke="{FOAM}" stroke-width="16" stroke-linecap="round">'
        '<line x1="256" y1="116" x2="196" y2="208"/><line x1="256" y1="116" x2="330" y2="208"/></g>',
        f'<g fill="{HULL}"><circle cx="256" cy="112" r="36"/><circle cx="194" cy="210" r="28"/></g>',
        f'<circle cx="332" cy="210" r="28" fill="{DECK}"/>',
        "</g>",
    ]
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" width="{SIZE}" height="{SIZE}">\n'
            + "\n".join(parts) + "\n</svg>\n")


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    svg = out / "slipway.svg"
    svg.write_text(drawing())
    for size in (512, 128, 48):
        subprocess.run(["rsvg-convert", "-w", str(size), "-h", str(size), svg, "-o", out / f"slipway-{size}.png"], check=True)


main()
