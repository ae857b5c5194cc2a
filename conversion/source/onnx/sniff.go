package onnx

import (
	"google.golang.org/protobuf/encoding/protowire"
)

// looksLikeModel reports whether head, the first bytes of a file, is a run of
// ModelProto fields.
func looksLikeModel(head []byte) bool {
	kinds := map[protowire.Number]protowire.Type{
		1: protowire.VarintType, 2: protowire.BytesType, 3: protowire.BytesType, 4: protowire.BytesType,
		5: protowire.VarintType, 6: protowire.BytesType, 7: protowire.BytesType, 8: protowire.BytesType,
		14: protowire.BytesType, 20: protowire.BytesType, 25: protowire.BytesType, 26: protowire.BytesType,
	}
	seen := map[protowire.Number]bool{}
	for len(head) > 0 {
		num, typ, n := protowire.ConsumeTag(head)
		if n < 0 {
			break
		}
		if want, ok := kinds[num]; !ok || want != typ {
			return false
		}
		head = head[n:]
		v, n := protowire.ConsumeVarint(head)
		if n < 0 {
			break
		}
		head = head[n:]
		seen[num] = true
		if typ == protowire.BytesType {
			if v > uint64(len(head)) {
				break // goes on beyond what we see
			}
			head = head[v:]
		} else if num == 1 && v > 1000 {
			return false
		}
	}
	return seen[1] || seen[7] || seen[8]
}
