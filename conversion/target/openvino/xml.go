package openvino

import (
	"bufio"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

type xmlWriter struct{ *bufio.Writer }

// writeXML prints the layers and their edges. meta are the model's rt_info
// entries, printed sorted.
func writeXML(out io.Writer, name string, layers []*layer, meta map[string]string) error {
	w := newXMLWriter(out)
	w.WriteString("<?xml version=\"1.0\"?>\n<net")
	w.attr("name", name)
	w.attr("version", "11")
	w.WriteString(">\n")
	w.graph(layers)
	w.WriteString("\t<rt_info>\n")
	keys := make([]string, 0, len(meta))
	for k := range meta {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		if !xmlName(k) {
			continue
		}
		w.WriteString("\t\t<" + k)
		w.attr("value", meta[k])
		w.WriteString(" />\n")
	}
	w.WriteString("\t</rt_info>\n</net>\n")
	return w.Flush()
}

// graph prints layers and their edges.
func (w xmlWriter) graph(layers []*layer) {
	w.WriteString("\t<layers>\n")
	for _, l := range layers {
		w.layer(l)
	}
	w.WriteString("\t</layers>\n\t<edges>\n")
	for _, l := range layers {
		for i, p := range l.in {
			w.edge(p.l.id, len(p.l.in)+p.i, l.id, i)
		}
	}
	w.WriteString("\t</edges>\n")
}

// portMaps prints how the layers of a body are connected with the layer around it.
func (w xmlWriter) portMaps(b inner) {
	w.WriteString("\t\t\t<" + b.maps + ">\n")
	for _, p := range b.ports {
		tag := "\t\t\t\t<input"
		if p.output {
			tag = "\t\t\t\t<output"
		}
		w.WriteString(tag)
		w.attr("external_port_id", strconv.Itoa(p.external))
		w.attr("internal_layer_id", strconv.Itoa(p.internal))
		if p.purpose != "" {
			w.attr("purpose", p.purpose)
		}
		if p.sliced {
			w.attr("axis", strconv.Itoa(p.axis))
			w.attr("start", "0")
			w.attr("end", "-1")
			w.attr("stride", "1")
			w.attr("part_size", "1")
		}
		w.WriteString(" />\n")
	}
	w.WriteString("\t\t\t</" + b.maps + ">\n")
	if len(b.edges) == 0 {
		return
	}
	w.WriteString("\t\t\t<back_edges>\n")
	for _, e := range b.edges {
		w.WriteString("\t\t\t\t<edge")
		w.attr("from-layer", strconv.Itoa(e[0]))
		w.attr("to-layer", strconv.Itoa(e[1]))
		w.WriteString(" />\n")
	}
	w.WriteString("\t\t\t</back_edges>\n")
}

func newXMLWriter(out io.Writer) xmlWriter { return xmlWriter{bufio.NewWriterSize(out, 1<<16)} }

func (w xmlWriter) edge(fromLayer, fromPort, toLayer, toPort int) {
	w.WriteString("\t\t<edge")
	w.attr("from-layer", strconv.Itoa(fromLayer))
	w.attr("from-port", strconv.Itoa(fromPort))
	w.attr("to-layer", strconv.Itoa(toLayer))
	w.attr("to-port", strconv.Itoa(toPort))
	w.WriteString(" />\n")
}

func (w xmlWriter) layer(l *layer) {
	w.WriteString("\t\t<layer")
	w.attr("id", strconv.Itoa(l.id))
	w.attr("name", l.name)
	w.attr("type", l.typ)
	w.attr("version", l.version)
	if l.outputName != "" {
		w.attr("output_names", escapeName(l.outputName))
	}
	w.WriteString(">\n")
	if len(l.data) > 0 {
		w.WriteString("\t\t\t<data")
		for _, a := range l.data {
			w.attr(a.key, a.value)
		}
		w.WriteString(" />\n")
	}
	w.layerInfo(l)
	for _, b := range l.bodies {
		w.portMaps(b)
	}
	if len(l.in) > 0 {
		w.WriteString("\t\t\t<input>\n")
		for i, p := range l.in {
			o := p.l.out[p.i]
			w.port(i, outPort{dtype: o.dtype, shape: o.shape})
		}
		w.WriteString("\t\t\t</input>\n")
	}
	if len(l.out) > 0 {
		w.WriteString("\t\t\t<output>\n")
		for i, o := range l.out {
			w.port(len(l.in)+i, o)
		}
		w.WriteString("\t\t\t</output>\n")
	}
	for _, b := range l.bodies {
		w.WriteString("\t\t\t<" + b.tag + ">\n")
		w.graph(b.layers)
		w.WriteString("\t\t\t</" + b.tag + ">\n")
	}
	w.WriteString("\t\t</layer>\n")
}

func (w xmlWriter) layerInfo(l *layer) {
	if !l.decompress && len(l.origin) == 0 && l.layout == "" {
		return
	}
	w.WriteString("\t\t\t<rt_info>\n")
	entry := func(name, key, value string) {
		w.WriteString("\t\t\t\t<attribute")
		w.attr("name", name)
		w.attr("version", "0")
		if key != "" {
			w.attr(key, value)
		}
		w.WriteString(" />\n")
	}
	if l.decompress {
		entry("decompression", "", "")
	}
	if len(l.origin) > 0 {
		names := make([]string, len(l.origin))
		for i, o := range l.origin {
			names[i] = escapeName(o)
		}
		entry("fused_names", "value", strings.Join(names, ","))
	}
	if l.layout != "" {
		entry("layout", "layout", l.layout)
	}
	w.WriteString("\t\t\t</rt_info>\n")
}

func (w xmlWriter) port(id int, o outPort) {
	w.WriteString("\t\t\t\t<port")
	w.attr("id", strconv.Itoa(id))
	if o.dtype != tensor.Invalid {
		w.attr("precision", typeNames[o.dtype][1])
	}
	if len(o.names) > 0 {
		names := make([]string, len(o.names))
		for i, n := range o.names {
			names[i] = escapeName(n)
		}
		w.attr("names", strings.Join(names, ","))
	}
	if len(o.shape) == 0 {
		w.WriteString(" />\n")
		return
	}
	w.WriteString(">\n")
	for _, d := range o.shape {
		w.WriteString("\t\t\t\t\t<dim>" + dimText(d) + "</dim>\n")
	}
	w.WriteString("\t\t\t\t</port>\n")
}

func dimText(d ir.Dim) string {
	if n, ok := d.Int(); ok {
		return strconv.FormatInt(n, 10)
	}
	return "-1"
}

// escapeName escapes the separator of the lists that tensor names stand in.
func escapeName(s string) string { return strings.ReplaceAll(s, ",", `\,`) }

// attr prints one attribute. Characters that XML cannot hold become U+FFFD.
func (w xmlWriter) attr(key, value string) {
	w.WriteByte(' ')
	w.WriteString(key)
	w.WriteString(`="`)
	for _, r := range value {
		switch {
		case r == '&':
			w.WriteString("&amp;")
		case r == '<':
			w.WriteString("&lt;")
		case r == '>':
			w.WriteString("&gt;")
		case r == '"':
			w.WriteString("&quot;")
		case r == '\t' || r == '\n' || r == '\r':
			w.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		case r < ' ':
			w.WriteRune(utf8.RuneError)
		default:
			w.WriteRune(r)
		}
	}
	w.WriteByte('"')
}

// xmlName reports whether s can be the name of an element.
func xmlName(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || r == '-' || r == '.')) {
			return false
		}
	}
	return s != ""
}
