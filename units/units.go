package units

import (
	"fmt"
	"strings"
	"time"
)

// Count prints a count with k, M, G or T: "4.65 M". Negative counts mean
// unknown and print as "?".
func Count(n int64) string {
	if n < 0 {
		return "?"
	}
	return scaled(float64(n), 1000, []string{"", " k", " M", " G", " T"})
}

// Bytes prints a size: "18.8 MB" (powers of 1000, as disks are sold).
func Bytes(n int64) string {
	return scaled(float64(n), 1000, []string{" B", " kB", " MB", " GB", " TB"})
}

// Milliseconds prints a duration given in milliseconds: "3.21 ms", "1.2 s".
func Milliseconds(ms float64) string {
	switch {
	case ms < 0.1:
		return digits(ms*1000) + " µs"
	case ms >= 1000:
		return digits(ms/1000) + " s"
	}
	return digits(ms) + " ms"
}

// Duration is Milliseconds for a time.Duration.
func Duration(d time.Duration) string { return Milliseconds(d.Seconds() * 1000) }

// Percent prints a fraction 0..1: "69.6 %"; "–" below 0.
func Percent(f float64) string {
	if f < 0 || f != f {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", f*100)
}

func scaled(f, step float64, units []string) string {
	i := 0
	for f >= step && i < len(units)-1 {
		f /= step
		i++
	}
	if i == 0 {
		return fmt.Sprintf("%.0f%s", f, units[0])
	}
	return digits(f) + units[i]
}

// digits prints three significant digits without a trailing fraction of zeros.
func digits(f float64) string {
	s := ""
	switch {
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		s = fmt.Sprintf("%.1f", f)
	default:
		s = fmt.Sprintf("%.2f", f)
	}
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
