package mil

import (
	"google.golang.org/protobuf/encoding/protowire"
)

func feature(b []byte) (Feature, error) {
	var f Feature
	err := fields(b, "FeatureDescription", func(num protowire.Number, _ uint64, p []byte) error {
		switch num {
		case 1:
			f.Name = string(p)
		case 3:
			return fields(p, "FeatureType", func(num protowire.Number, _ uint64, p []byte) error {
				switch num {
				case 3:
					f.Kind = Text
				case 4:
					f.Image = &Image{}
					return f.Image.read(p)
				case 5:
					return f.array(p)
				case 6:
					f.Kind = Scores
				}
				return nil
			})
		}
		return nil
	})
	return f, err
}

// pair reads two numbers, fields 1 and 2.
func pair(b []byte, what string) (out [2]int64, err error) {
	err = fields(b, what, func(num protowire.Number, v uint64, _ []byte) error {
		if num == 1 || num == 2 {
			out[num-1] = int64(v)
		}
		return nil
	})
	return out, err
}

func (i *Image) read(b []byte) error {
	return fields(b, "ImageFeatureType", func(num protowire.Number, v uint64, p []byte) error {
		switch num {
		case 1:
			i.Width = int64(v)
		case 2:
			i.Height = int64(v)
		case 3:
			for c, k := range colors {
				if k == v {
					i.Color = c
				}
			}
		case 21:
			return fields(p, "EnumeratedImageSizes", func(_ protowire.Number, _ uint64, p []byte) error {
				s, err := pair(p, "ImageSize")
				i.Sizes = append(i.Sizes, [2]int64{s[1], s[0]})
				return err
			})
		case 31:
			return fields(p, "ImageSizeRange", func(num protowire.Number, _ uint64, p []byte) error {
				r, err := pair(p, "SizeRange")
				if num == 1 {
					i.Widths = &r
				} else {
					i.Heights = &r
				}
				return err
			})
		}
		return nil
	})
}

func (f *Feature) array(b []byte) error {
	return fields(b, "ArrayFeatureType", func(num protowire.Number, v uint64, p []byte) error {
		switch num {
		case 1:
			sizes, err := varints(p, v)
			f.Shape = append(f.Shape, sizes...)
			return err
		case 2:
			for d, k := range arrayTypes {
				if k == v {
					f.DType = d
				}
			}
		case 31:
			return fields(p, "ShapeRange", func(_ protowire.Number, _ uint64, p []byte) error {
				r, err := pair(p, "SizeRange")
				f.Ranges = append(f.Ranges, r)
				return err
			})
		}
		return nil
	})
}
