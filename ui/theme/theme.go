// Package theme is the studio's look: a calm grey ground, one accent colour,
// dense spacing for a tool that is open all day, in light and dark.
package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	base "fyne.io/fyne/v2/theme"
)

// Names of colours beyond Fyne's own.
const (
	ColorRail     fyne.ThemeColorName = "studioRail"     // navigation rail
	ColorCard     fyne.ThemeColorName = "studioCard"     // raised surfaces
	ColorBorder   fyne.ThemeColorName = "studioBorder"   // hairlines
	ColorMuted    fyne.ThemeColorName = "studioMuted"    // secondary text
	ColorMatch    fyne.ThemeColorName = "studioMatch"    // verdict match
	ColorDrift    fyne.ThemeColorName = "studioDrift"    // verdict drift
	ColorMismatch fyne.ThemeColorName = "studioMismatch" // verdict mismatch
)

// SizeName is the size of the program's name on its first page.
const SizeName fyne.ThemeSizeName = "studioName"

// Theme implements fyne.Theme. Mode is "", "light" or "dark"; "" follows the
// system.
type Theme struct{ Mode string }

var _ fyne.Theme = Theme{}

type pair struct{ light, dark color.NRGBA }

func hex(v uint32) color.NRGBA {
	return color.NRGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255}
}

var colors = map[fyne.ThemeColorName]pair{
	base.ColorNameBackground:          {hex(0xf4f5f7), hex(0x1b1d21)},
	base.ColorNameForeground:          {hex(0x1d2330), hex(0xe4e7ec)},
	base.ColorNamePrimary:             {hex(0x1f6feb), hex(0x5b9dff)},
	base.ColorNameFocus:               {color.NRGBA{0x1f, 0x6f, 0xeb, 0x55}, color.NRGBA{0x5b, 0x9d, 0xff, 0x55}},
	base.ColorNameSelection:           {color.NRGBA{0x1f, 0x6f, 0xeb, 0x33}, color.NRGBA{0x5b, 0x9d, 0xff, 0x44}},
	base.ColorNameButton:              {hex(0xe6e9ee), hex(0x2c3037)},
	base.ColorNameDisabledButton:      {hex(0xeceef2), hex(0x25282e)},
	base.ColorNameDisabled:            {hex(0x717b8b), hex(0x8a93a1)},
	base.ColorNamePlaceHolder:         {hex(0x737d8f), hex(0x8a93a2)},
	base.ColorNameInputBackground:     {hex(0xffffff), hex(0x23262b)},
	base.ColorNameInputBorder:         {hex(0x8b95a4), hex(0x737d8b)},
	base.ColorNameSeparator:           {hex(0xdde1e8), hex(0x33373e)},
	base.ColorNameHover:               {color.NRGBA{0, 0, 0, 0x0d}, color.NRGBA{0xff, 0xff, 0xff, 0x12}},
	base.ColorNamePressed:             {color.NRGBA{0, 0, 0, 0x1a}, color.NRGBA{0xff, 0xff, 0xff, 0x22}},
	base.ColorNameMenuBackground:      {hex(0xffffff), hex(0x26292f)},
	base.ColorNameOverlayBackground:   {hex(0xffffff), hex(0x23262b)},
	base.ColorNameHeaderBackground:    {hex(0xebeef2), hex(0x25282e)},
	base.ColorNameForegroundOnPrimary: {hex(0xffffff), hex(0x0d1b2e)},
	base.ColorNameShadow:              {color.NRGBA{0, 0, 0, 0x1c}, color.NRGBA{0, 0, 0, 0x66}},
	base.ColorNameScrollBar:           {color.NRGBA{0, 0, 0, 0x55}, color.NRGBA{0xff, 0xff, 0xff, 0x55}},
	base.ColorNameSuccess:             {hex(0x1a7f4b), hex(0x4cc38a)},
	base.ColorNameWarning:             {hex(0xa85f00), hex(0xf0b34a)},
	base.ColorNameError:               {hex(0xc62828), hex(0xff7b72)},
	base.ColorNameHyperlink:           {hex(0x1f6feb), hex(0x5b9dff)},

	ColorRail:     {hex(0xe9ecf1), hex(0x15171a)},
	ColorCard:     {hex(0xffffff), hex(0x23262b)},
	ColorBorder:   {hex(0xdde1e8), hex(0x33373e)},
	ColorMuted:    {hex(0x5c6675), hex(0x9aa3b2)},
	ColorMatch:    {hex(0x1a7f4b), hex(0x4cc38a)},
	ColorDrift:    {hex(0xa85f00), hex(0xf0b34a)},
	ColorMismatch: {hex(0xc62828), hex(0xff7b72)},
}

// Color gives a colour in the mode's variant.
func (t Theme) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	switch t.Mode {
	case "light":
		v = base.VariantLight
	case "dark":
		v = base.VariantDark
	}
	if p, ok := colors[n]; ok {
		c := p.light
		if v == base.VariantDark {
			c = p.dark
		}
		if n == base.ColorNameForeground {
			return text(c)
		}
		return c
	}
	return base.DefaultTheme().Color(n, v)
}

// text is c with an opacity that nobody sees to be less than full. The toolkit
// writes the keys in menus in this colour at 95 % of its opacity, but keeps the
// lower byte of that number alone: of full opacity 20 % would be left, of this
// one 69 % are.
func text(c color.NRGBA) color.Color {
	wide := func(v uint8) uint16 { return uint16(v) * 0x101 }
	return color.RGBA64{wide(c.R), wide(c.G), wide(c.B), 0xff76}
}

// Font is Fyne's own.
func (Theme) Font(s fyne.TextStyle) fyne.Resource { return base.DefaultTheme().Font(s) }

// Icon is Fyne's own.
func (Theme) Icon(n fyne.ThemeIconName) fyne.Resource { return base.DefaultTheme().Icon(n) }

// Size is denser than Fyne's default.
func (Theme) Size(n fyne.ThemeSizeName) float32 {
	switch n {
	case base.SizeNamePadding:
		return 4
	case base.SizeNameInnerPadding:
		return 6
	case base.SizeNameText:
		return 13
	case SizeName:
		return 30
	case base.SizeNameHeadingText:
		return 20
	case base.SizeNameSubHeadingText:
		return 15
	case base.SizeNameCaptionText:
		return 11
	case base.SizeNameInputRadius, base.SizeNameSelectionRadius:
		return 5
	case base.SizeNameInlineIcon:
		return 18
	case base.SizeNameScrollBar:
		return 10
	}
	return base.DefaultTheme().Size(n)
}

// Current gives a colour in the running application's variant; for canvas
// objects, which do not follow the theme by themselves.
func Current(n fyne.ThemeColorName) color.Color {
	app := fyne.CurrentApp()
	if app == nil {
		return Theme{}.Color(n, base.VariantLight)
	}
	s := app.Settings()
	return s.Theme().Color(n, s.ThemeVariant())
}

// Dark reports whether the running application shows dark colours.
func Dark() bool {
	r, g, b, _ := Current(base.ColorNameBackground).RGBA()
	return r+g+b < 3*0x8000
}
