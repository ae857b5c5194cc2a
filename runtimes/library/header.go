package library

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
)

// Fault is the kind of thing that is wrong with a file that should be a library.
type Fault string

// The faults that a candidate can have.
const (
	FaultUnreadable   Fault = "unreadable"
	FaultEmpty        Fault = "empty"
	FaultNotLibrary   Fault = "not-a-library"
	FaultArchitecture Fault = "wrong-architecture"
	FaultTruncated    Fault = "truncated"
	FaultVersion      Fault = "wrong-version"
	FaultDamaged      Fault = "damaged" // differs from what Install wrote
)

// BadLibraryError tells of a file that carries a library's name and is none that this machine can load.
type BadLibraryError struct {
	Path  string
	Fault Fault
	Why   string
}

func (e *BadLibraryError) Error() string { return fmt.Sprintf("%s: %s", e.Path, e.Why) }

// CheckFile reads the header of the file at path and says, as a *BadLibraryError, why it is no shared library for
// this machine. It maps and runs nothing of the file. ELF, Mach-O (also universal) and PE are told apart.
func CheckFile(path string) error { return checkFile(path, runtime.GOOS, runtime.GOARCH) }

func checkFile(path, goos, goarch string) error {
	bad := func(f Fault, format string, args ...any) error {
		return &BadLibraryError{Path: path, Fault: f, Why: fmt.Sprintf(format, args...)}
	}
	f, err := os.Open(path)
	if err != nil {
		return bad(FaultUnreadable, "cannot be read: %v", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return bad(FaultUnreadable, "cannot be read: %v", err)
	}
	if !info.Mode().IsRegular() {
		return bad(FaultNotLibrary, "is not a regular file")
	}
	if info.Size() == 0 {
		return bad(FaultEmpty, "is an empty file")
	}
	head := make([]byte, min(info.Size(), 4096))
	if _, err := io.ReadFull(f, head); err != nil {
		return bad(FaultUnreadable, "cannot be read: %v", err)
	}

	var h header
	switch {
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		h, err = readELF(f, head)
	case isMachO(head):
		h, err = readMachO(head)
	case bytes.HasPrefix(head, []byte("MZ")):
		h, err = readPE(head)
	default:
		return bad(FaultNotLibrary, "is %s, not a shared library", describe(head))
	}
	if err != nil {
		return bad(FaultTruncated, "is a damaged library: %v", err)
	}
	if want := formatOf(goos); h.format != want {
		return bad(FaultArchitecture, "is a library in %s format, this system loads %s", h.format, want)
	}
	if !slices.Contains(h.archs, goarch) {
		return bad(FaultArchitecture, "is built for %s, this machine is %s", h.archs, goarch)
	}
	if !h.shared {
		return bad(FaultNotLibrary, "is a program or object file, not a shared library")
	}
	if h.size > info.Size() {
		return bad(FaultTruncated, "is cut off: its header describes %d bytes, the file has %d", h.size, info.Size())
	}
	return nil
}

// header is what the formats' headers say alike.
type header struct {
	format string
	archs  archs
	shared bool
	size   int64 // end of the last byte that the header refers to
}

type archs []string

func (a archs) String() string { return strings.Join(a, " and ") }

func formatOf(goos string) string {
	switch goos {
	case "darwin", "ios":
		return "Mach-O"
	case "windows":
		return "PE"
	default:
		return "ELF"
	}
}

var errShort = errors.New("the header is cut off")

// readELF reads an ELF header and its program headers (System V gABI, chapters 4 and 5).
func readELF(r io.ReaderAt, head []byte) (header, error) {
	h := header{format: "ELF"}
	if len(head) < 64 {
		return h, errShort
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[5] == 2 {
		order = binary.BigEndian
	}
	machine := order.Uint16(head[18:])
	arch := map[uint16]string{62: "amd64", 183: "arm64", 3: "386", 40: "arm", 243: "riscv64", 21: "ppc64", 22: "s390x"}[machine]
	if arch == "" {
		arch = fmt.Sprintf("machine %d", machine)
	}
	h.archs = archs{arch}
	h.shared = order.Uint16(head[16:]) == 3
	if head[4] != 2 {
		// A 32-bit file is of another architecture than the 64-bit machines served here: its tables are not read.
		h.size = 52
		return h, nil
	}
	phoff, shoff := order.Uint64(head[32:]), order.Uint64(head[40:])
	phentsize, phnum := order.Uint16(head[54:]), order.Uint16(head[56:])
	shentsize, shnum := order.Uint16(head[58:]), order.Uint16(head[60:])
	if phentsize != 56 || phnum == 0 || phoff > 1<<40 || shoff > 1<<40 {
		return h, errors.New("its program header table is not valid")
	}
	table := make([]byte, int(phentsize)*int(phnum))
	if _, err := r.ReadAt(table, int64(phoff)); err != nil {
		return h, errShort
	}
	h.size = int64(shoff) + int64(shentsize)*int64(shnum)
	for i := 0; i < len(table); i += int(phentsize) {
		off, filesz := order.Uint64(table[i+8:]), order.Uint64(table[i+32:])
		if off > 1<<40 || filesz > 1<<40 {
			return h, errors.New("a segment lies outside any file")
		}
		h.size = max(h.size, int64(off+filesz))
	}
	return h, nil
}

func isMachO(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	m := binary.BigEndian.Uint32(head)
	return m == 0xcffaedfe || m == 0xcefaedfe || m == 0xcafebabe || m == 0xcafebabf
}

func machArch(cpu uint32) string {
	switch cpu {
	case 0x01000007:
		return "amd64"
	case 0x0100000c:
		return "arm64"
	default:
		return fmt.Sprintf("CPU type %#x", cpu)
	}
}

// readMachO reads a thin or universal Mach-O header (mach-o/loader.h, mach-o/fat.h).
func readMachO(head []byte) (header, error) {
	h := header{format: "Mach-O", shared: true}
	if len(head) < 32 {
		return h, errShort
	}
	magic := binary.BigEndian.Uint32(head)
	if magic == 0xcffaedfe || magic == 0xcefaedfe {
		h.archs = archs{machArch(binary.LittleEndian.Uint32(head[4:]))}
		h.shared = binary.LittleEndian.Uint32(head[12:]) == 6
		return h, nil
	}
	entry, n := 20, int(binary.BigEndian.Uint32(head[4:]))
	if magic == 0xcafebabf {
		entry = 32
	}
	if n == 0 || n > 32 || 8+n*entry > len(head) {
		return h, errors.New("its list of architectures is not valid")
	}
	for i := range n {
		e := head[8+i*entry:]
		h.archs = append(h.archs, machArch(binary.BigEndian.Uint32(e)))
		if entry == 20 {
			h.size = max(h.size, int64(binary.BigEndian.Uint32(e[8:]))+int64(binary.BigEndian.Uint32(e[12:])))
		} else {
			off, size := binary.BigEndian.Uint64(e[8:]), binary.BigEndian.Uint64(e[16:])
			if off > 1<<40 || size > 1<<40 {
				return h, errors.New("a part lies outside any file")
			}
			h.size = max(h.size, int64(off+size))
		}
	}
	return h, nil
}

// readPE reads a PE/COFF header (Microsoft PE format, COFF file header).
func readPE(head []byte) (header, error) {
	h := header{format: "PE"}
	if len(head) < 64 {
		return h, errShort
	}
	at := int64(binary.LittleEndian.Uint32(head[60:]))
	if at+24 > int64(len(head)) {
		return h, errShort
	}
	coff := head[at:]
	if !bytes.HasPrefix(coff, []byte("PE\x00\x00")) {
		return h, errors.New("it has no PE signature")
	}
	machine := binary.LittleEndian.Uint16(coff[4:])
	arch := map[uint16]string{0x8664: "amd64", 0xaa64: "arm64", 0x14c: "386"}[machine]
	if arch == "" {
		arch = fmt.Sprintf("machine %#x", machine)
	}
	h.archs = archs{arch}
	h.shared = binary.LittleEndian.Uint16(coff[22:])&0x2000 != 0
	return h, nil
}

// describe names what a file seems to be, for the people who downloaded something else than they thought.
func describe(head []byte) string {
	text := bytes.ToLower(bytes.TrimLeft(head, "\xef\xbb\xbf \t\r\n"))
	switch {
	case bytes.HasPrefix(text, []byte("<!doctype html")), bytes.HasPrefix(text, []byte("<html")):
		return "an HTML page"
	case bytes.HasPrefix(text, []byte("version https://git-lfs")):
		return "a Git LFS pointer"
	case bytes.HasPrefix(text, []byte("<")):
		return "an XML file"
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return "a ZIP archive (a wheel?)"
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return "a gzip archive"
	case bytes.HasPrefix(head, []byte("!<arch>\n")):
		return "a static library or object archive"
	case bytes.IndexByte(head, 0) < 0:
		return "a text file"
	default:
		return "some other kind of file"
	}
}
