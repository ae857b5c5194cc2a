package projecttest

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// nobody is a user who owns nothing here.
const nobody = 65534

// Unwritable calls f while this thread may write none of dir and what is below it,
// even where the test runs as root, who may write everywhere. What f starts on other
// threads may.
func Unwritable(t testing.TB, dir string, f func()) {
	t.Helper()
	if os.Getuid() == 0 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := syscall.Setfsuid(nobody); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := syscall.Setfsuid(0); err != nil {
				t.Fatal(err)
			}
		}()
	} else {
		was := map[string]os.FileMode{}
		err := filepath.Walk(dir, func(p string, st os.FileInfo, err error) error {
			if err == nil {
				was[p] = st.Mode().Perm()
				err = os.Chmod(p, st.Mode().Perm()&^0o222)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			for p, m := range was {
				_ = os.Chmod(p, m)
			}
		}()
	}
	probe := filepath.Join(dir, "probe")
	if err := os.WriteFile(probe, nil, 0o600); err == nil {
		os.Remove(probe)
		t.Fatalf("%s can be written all the same", dir)
	}
	f()
}
