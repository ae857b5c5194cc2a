package projecttest

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Workers lists the process numbers of the children of parent whose command
// line begins with the verb "worker" and the given runtime ("none": a
// conversion; "": any). Zombies are left out.
func Workers(parent int, runtime string) []int {
	var out []int
	lists, _ := filepath.Glob("/proc/" + strconv.Itoa(parent) + "/task/*/children")
	for _, l := range lists {
		b, err := os.ReadFile(l)
		if err != nil {
			continue
		}
		for _, f := range strings.Fields(string(b)) {
			pid, err := strconv.Atoi(f)
			if err != nil {
				continue
			}
			line, err := os.ReadFile("/proc/" + f + "/cmdline")
			args := bytes.Split(line, []byte{0})
			if err == nil && len(args) > 2 && string(args[1]) == "worker" && (runtime == "" || string(args[2]) == runtime) {
				out = append(out, pid)
			}
		}
	}
	return out
}

// Alive reports whether a process runs; a zombie does not.
func Alive(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	// "PID (name) STATE …": the name may hold anything, so the last ")" counts.
	_, rest, _ := strings.Cut(string(b[bytes.LastIndexByte(b, ')'):]), " ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}
