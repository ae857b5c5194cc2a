package wire

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"unsafe"
)

// Write sends one frame. Concurrent callers must take turns.
func Write(w io.Writer, m *Message) error {
	list, size := m.segments()
	if size > MaxFrame {
		return fmt.Errorf("wire: a message of %d bytes exceeds the limit of %d", size, MaxFrame)
	}
	head := binary.LittleEndian.AppendUint32(nil, uint32(size))
	buffers := append(net.Buffers{head}, list...)
	_, err := buffers.WriteTo(w)
	return err
}

// firstChunk is how much a frame's claimed length is believed before its bytes
// arrive.
const firstChunk = 64 << 20

// Read receives one frame. io.EOF means that the other side closed the stream
// between frames.
func Read(r io.Reader) (*Message, error) { return read(r, MaxFrame) }

// ReadHello receives the first frame, which is short: whoever is no guest is
// found out by what it takes for a length.
func ReadHello(r io.Reader) (*Message, error) { return read(r, 64<<10) }

func read(r io.Reader, limit int) (*Message, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := int(binary.LittleEndian.Uint32(head[:]))
	if size > limit {
		return nil, fmt.Errorf("wire: a frame claims %d bytes, the limit is %d", size, limit)
	}
	body := alignedBytes(min(size, firstChunk))
	for have := 0; ; {
		if _, err := io.ReadFull(r, body[have:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if len(body) == size {
			return Decode(body)
		}
		have = len(body)
		grown := alignedBytes(min(size, 2*have))
		copy(grown, body)
		body = grown
	}
}

// alignedBytes returns n bytes at an address that is a multiple of 8.
func alignedBytes(n int) []byte {
	if n == 0 {
		return nil
	}
	words := make([]uint64, (n+7)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(words)*8)[:n:n]
}
