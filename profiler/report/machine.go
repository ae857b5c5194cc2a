package report

import (
	"os"
	"runtime"
	"strconv"
	"strings"
)

// Machine is where the report was made.
type Machine struct {
	CPU    string // "" where it cannot be told
	Cores  int
	Memory int64 // bytes; 0 where it cannot be told
	OS     string
	Kernel string
	Arch   string
}

// ThisMachine describes the machine that the program runs on. What the system
// does not tell stays empty.
func ThisMachine() Machine {
	m := Machine{Cores: runtime.NumCPU(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		m.CPU = field(string(b), "model name", ":")
	}
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		kb, err := strconv.ParseInt(strings.TrimSuffix(field(string(b), "MemTotal", ":"), " kB"), 10, 64)
		if err == nil {
			m.Memory = kb * 1024
		}
	}
	if b, err := os.ReadFile("/etc/os-release"); err == nil {
		if name := strings.Trim(field(string(b), "PRETTY_NAME", "="), `"`); name != "" {
			m.OS = name
		}
	}
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(b))
	}
	return m
}

// field finds the first "name SEP value" line.
func field(text, name, sep string) string {
	for line := range strings.Lines(text) {
		k, v, ok := strings.Cut(line, sep)
		if ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
