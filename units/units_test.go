package units

import "testing"

func TestUnits(t *testing.T) {
	for _, c := range [][2]string{
		{Count(4652008), "4.65 M"},
		{Count(999), "999"},
		{Count(-1), "?"},
		{Count(0), "0"},
		{Bytes(18809604), "18.8 MB"},
		{Bytes(100e6), "100 MB"},
		{Milliseconds(3.214), "3.21 ms"},
		{Milliseconds(0.05), "50 µs"},
		{Milliseconds(12345), "12.3 s"},
		{Milliseconds(20), "20 ms"},
		{Percent(0.696), "69.6 %"},
		{Percent(-1), "–"},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
}
