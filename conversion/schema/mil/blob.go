package mil

import (
	"encoding/binary"
	"fmt"
	"io"

	"slipway/conversion/tensor"
)

// The file of weights: a header of 64 bytes (count, version 2), then for each
// tensor a record of 64 bytes (sentinel, type, size and place of the data)
// followed by the data; everything starts at a multiple of 64.
const (
	blobAlign    = 64
	blobSentinel = 0xDEADBEEF
	blobVersion  = 2
)

// blobTypes are the numbers of MILBlob::Blob::BlobDataType.
var blobTypes = map[tensor.DType]uint32{
	tensor.Float16: 1, tensor.Float32: 2, tensor.Uint8: 3, tensor.Int8: 4, tensor.BFloat16: 5, tensor.Int16: 6, tensor.Uint16: 7,
	tensor.Int4: 8, tensor.Uint4: 11, tensor.Int32: 14, tensor.Uint32: 15,
}

// Blobs writes weight.bin one tensor after another.
type Blobs struct {
	w      File
	offset int64
	count  uint32
}

// File is what weights are written to: os.File is one.
type File interface {
	io.Writer
	io.WriterAt
}

// NewBlobs starts the file at w, which must be empty.
func NewBlobs(w File) (*Blobs, error) {
	b := &Blobs{w: w}
	return b, b.put(make([]byte, blobAlign))
}

func (b *Blobs) put(p []byte) error {
	n, err := b.w.Write(p)
	b.offset += int64(n)
	return err
}

// Put appends t and returns the place of its record.
func (b *Blobs) Put(t *tensor.Tensor) (uint64, error) {
	d, ok := blobTypes[t.DType()]
	if !ok {
		return 0, fmt.Errorf("mil: weights of %v cannot be stored", t.DType())
	}
	return b.record(d, t.Size(), t.Len()*t.DType().Bits(), t.WriteTo)
}

// packedBlobs are the numbers of MILBlob::Blob::BlobDataType for packed integers.
var packedBlobs = map[int]uint32{1: 9, 2: 10, 4: 11, 6: 13}

// PutPacked appends n unsigned integers that lie packed in data.
func (b *Blobs) PutPacked(data []byte, bits, n int) (uint64, error) {
	d, ok := packedBlobs[bits]
	if !ok || len(data) != (n*bits+7)/8 {
		return 0, fmt.Errorf("mil: %d integers of %d bits in %d bytes", n, bits, len(data))
	}
	return b.record(d, len(data), n*bits, func(w io.Writer) (int64, error) {
		k, err := w.Write(data)
		return int64(k), err
	})
}

// record appends size bytes, of which so many bits count, behind their metadata.
func (b *Blobs) record(d uint32, size, bits int, write func(io.Writer) (int64, error)) (uint64, error) {
	at := b.offset
	var head [blobAlign]byte
	binary.LittleEndian.PutUint32(head[0:], blobSentinel)
	binary.LittleEndian.PutUint32(head[4:], d)
	binary.LittleEndian.PutUint64(head[8:], uint64(size))
	binary.LittleEndian.PutUint64(head[16:], uint64(at+blobAlign))
	if bits%8 != 0 {
		binary.LittleEndian.PutUint64(head[24:], uint64(8-bits%8))
	}
	if err := b.put(head[:]); err != nil {
		return 0, err
	}
	n, err := write(b.w)
	if b.offset += n; err != nil {
		return 0, err
	}
	b.count++
	if over := b.offset % blobAlign; over != 0 {
		return uint64(at), b.put(make([]byte, blobAlign-over))
	}
	return uint64(at), nil
}

// Close completes the header. It does not close the file.
func (b *Blobs) Close() error {
	var head [8]byte
	binary.LittleEndian.PutUint32(head[0:], b.count)
	binary.LittleEndian.PutUint32(head[4:], blobVersion)
	_, err := b.w.WriteAt(head[:], 0)
	return err
}

// Blob is the tensor of type t whose record lies at offset of the file data,
// which it aliases. Packed integers come as the bytes that hold them.
func Blob(data []byte, offset uint64, t Type) (*tensor.Tensor, error) {
	shape, ok := t.Shape()
	if !ok {
		return nil, fmt.Errorf("mil: weights of unknown size")
	}
	size := uint64(len(data))
	if size < blobAlign || binary.LittleEndian.Uint32(data[4:]) != blobVersion {
		return nil, fmt.Errorf("mil: the file of weights is damaged or of another version")
	}
	if offset > size || size-offset < blobAlign {
		return nil, fmt.Errorf("mil: weights at byte %d of %d", offset, size)
	}
	head := data[offset : offset+blobAlign]
	if s := binary.LittleEndian.Uint32(head); s != blobSentinel {
		return nil, fmt.Errorf("mil: no weights start at byte %d", offset)
	}
	want := blobTypes[t.DType]
	if t.Bits != 0 {
		want = packedBlobs[t.Bits]
	}
	if d := binary.LittleEndian.Uint32(head[4:]); d != want {
		return nil, fmt.Errorf("mil: weights at byte %d are of type %d, the program says %v", offset, d, t.DType)
	}
	n, at := binary.LittleEndian.Uint64(head[8:]), binary.LittleEndian.Uint64(head[16:])
	if at > size || n > size-at {
		return nil, fmt.Errorf("mil: weights at byte %d reach beyond the file's %d", at, size)
	}
	if t.Bits != 0 {
		if count, err := tensor.NumElements(shape); err != nil || n != uint64(count*t.Bits+7)/8 {
			return nil, fmt.Errorf("mil: weights at byte %d have %d bytes for %v integers of %d bits", at, n, shape, t.Bits)
		}
		shape = []int{int(n)}
	}
	return tensor.FromBytes(t.DType, shape, data[at:at+n:at+n])
}
