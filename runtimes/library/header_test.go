package library

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// elf makes a 64-bit little-endian ELF file with one segment that reaches to its end.
func elf(machine, kind uint16, size int) []byte {
	b := make([]byte, size)
	copy(b, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	le.PutUint16(b[16:], kind)
	le.PutUint16(b[18:], machine)
	le.PutUint64(b[32:], 64) // program headers
	le.PutUint16(b[54:], 56)
	le.PutUint16(b[56:], 1)
	le.PutUint64(b[64+32:], uint64(size)) // bytes of the segment in the file
	return b
}

func macho(cpu, kind uint32) []byte {
	b := make([]byte, 64)
	binary.BigEndian.PutUint32(b, 0xcffaedfe)
	binary.LittleEndian.PutUint32(b[4:], cpu)
	binary.LittleEndian.PutUint32(b[12:], kind)
	return b
}

func universal(cpus ...uint32) []byte {
	b := make([]byte, 8+20*len(cpus)+64)
	be := binary.BigEndian
	be.PutUint32(b, 0xcafebabe)
	be.PutUint32(b[4:], uint32(len(cpus)))
	for i, cpu := range cpus {
		e := b[8+20*i:]
		be.PutUint32(e, cpu)
		be.PutUint32(e[8:], uint32(8+20*len(cpus)))
		be.PutUint32(e[12:], 64)
	}
	return b
}

func pe(machine, characteristics uint16) []byte {
	b := make([]byte, 256)
	copy(b, "MZ")
	le := binary.LittleEndian
	le.PutUint32(b[60:], 128)
	copy(b[128:], "PE\x00\x00")
	le.PutUint16(b[132:], machine)
	le.PutUint16(b[150:], characteristics)
	return b
}

func TestCheckFile(t *testing.T) {
	lib := elf(62, 3, 4096)
	huge := elf(62, 3, 4096)
	binary.LittleEndian.PutUint64(huge[64+32:], 1<<60)
	noTable := elf(62, 3, 4096)
	binary.LittleEndian.PutUint16(noTable[56:], 0)
	const amd64mac, arm64mac = 0x01000007, 0x0100000c
	for _, c := range []struct {
		name         string
		content      []byte
		goos, goarch string
		fault        Fault // "" means good
		says         string
	}{
		{"ELF", lib, "linux", "amd64", "", ""},
		{"ELF for arm64", elf(183, 3, 4096), "linux", "arm64", "", ""},
		{"ELF of another machine", elf(183, 3, 4096), "linux", "amd64", FaultArchitecture, "built for arm64, this machine is amd64"},
		{"ELF of an odd machine", elf(8, 3, 4096), "linux", "amd64", FaultArchitecture, "machine 8"},
		{"ELF program", elf(62, 2, 4096), "linux", "amd64", FaultNotLibrary, "not a shared library"},
		{"ELF cut in its middle", lib[:2000], "linux", "amd64", FaultTruncated, "describes 4096 bytes, the file has 2000"},
		{"ELF cut in its header", lib[:40], "linux", "amd64", FaultTruncated, "cut off"},
		{"ELF cut in its table", lib[:100], "linux", "amd64", FaultTruncated, "cut off"},
		{"ELF with a claimed exabyte", huge, "linux", "amd64", FaultTruncated, "outside any file"},
		{"ELF without segments", noTable, "linux", "amd64", FaultTruncated, "not valid"},
		{"ELF on a Mac", lib, "darwin", "amd64", FaultArchitecture, "this system loads Mach-O"},
		{"Mach-O", macho(arm64mac, 6), "darwin", "arm64", "", ""},
		{"Mach-O of another machine", macho(amd64mac, 6), "darwin", "arm64", FaultArchitecture, "built for amd64"},
		{"Mach-O program", macho(arm64mac, 2), "darwin", "arm64", FaultNotLibrary, ""},
		{"universal", universal(amd64mac, arm64mac), "darwin", "arm64", "", ""},
		{"universal without us", universal(amd64mac), "darwin", "arm64", FaultArchitecture, "built for amd64"},
		{"universal cut off", universal(amd64mac, arm64mac)[:60], "darwin", "arm64", FaultTruncated, ""},
		{"Java class", append([]byte{0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 65}, make([]byte, 100)...), "darwin", "arm64", FaultTruncated, "architectures"},
		{"PE", pe(0x8664, 0x2022), "windows", "amd64", "", ""},
		{"PE program", pe(0x8664, 0x0022), "windows", "amd64", FaultNotLibrary, ""},
		{"PE for arm64", pe(0xaa64, 0x2022), "windows", "amd64", FaultArchitecture, "built for arm64"},
		{"MZ without PE", append([]byte("MZ"), make([]byte, 200)...), "windows", "amd64", FaultTruncated, "PE signature"},
		{"empty", nil, "linux", "amd64", FaultEmpty, "empty file"},
		{"HTML", []byte("\n <HTML><body>404</body></HTML>"), "linux", "amd64", FaultNotLibrary, "an HTML page"},
		{"LFS pointer", []byte("version https://git-lfs.github.com/spec/v1\n"), "linux", "amd64", FaultNotLibrary, "Git LFS pointer"},
		{"linker script", []byte("INPUT ( libreal.so.1 )"), "linux", "amd64", FaultNotLibrary, "a text file"},
		{"wheel", []byte("PK\x03\x04\x00\x00"), "linux", "amd64", FaultNotLibrary, "ZIP archive"},
		{"one byte", []byte{0x7f}, "linux", "amd64", FaultNotLibrary, ""},
		{"noise", []byte{1, 2, 0, 4}, "linux", "amd64", FaultNotLibrary, "some other kind"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "lib.so")
			if err := os.WriteFile(path, c.content, 0o644); err != nil {
				t.Fatal(err)
			}
			err := checkFile(path, c.goos, c.goarch)
			if c.fault == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var bad *BadLibraryError
			if !errors.As(err, &bad) {
				t.Fatalf("got %v", err)
			}
			if bad.Fault != c.fault || !strings.Contains(bad.Why, c.says) || bad.Path != path {
				t.Errorf("got %s: %v, want %s with %q", bad.Fault, bad, c.fault, c.says)
			}
		})
	}
	var bad *BadLibraryError
	if err := CheckFile(t.TempDir()); !errors.As(err, &bad) || bad.Fault != FaultNotLibrary {
		t.Errorf("a folder: %v", err)
	}
	if err := CheckFile(filepath.Join(t.TempDir(), "none")); !errors.As(err, &bad) || bad.Fault != FaultUnreadable {
		t.Errorf("no file: %v", err)
	}
}

// TestCheckFileOnOneself reads a real program of this machine, made by a linker that knows nothing of this reader.
func TestCheckFileOnOneself(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	var bad *BadLibraryError
	if err := CheckFile(self); err != nil && (!errors.As(err, &bad) || bad.Fault != FaultNotLibrary) {
		t.Errorf("this test's own binary: %v", err)
	}
}

func FuzzCheckFile(f *testing.F) {
	f.Add(elf(62, 3, 200))
	f.Add(macho(0x0100000c, 6))
	f.Add(universal(0x01000007, 0x0100000c))
	f.Add(pe(0x8664, 0x2022))
	f.Add([]byte("<html>"))
	path := filepath.Join(f.TempDir(), "lib.so")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, goos := range []string{"linux", "darwin", "windows"} {
			var bad *BadLibraryError
			if err := checkFile(path, goos, "amd64"); err != nil && !errors.As(err, &bad) {
				t.Errorf("%s: untyped error %v", goos, err)
			}
		}
	})
}
