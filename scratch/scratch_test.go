package scratch_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"slipway/scratch"
)

// TestMain lets the test binary play the process that is killed.
func TestMain(m *testing.M) {
	if parent := os.Getenv("SCRATCH_TEST_HOLDER"); parent != "" {
		a, _, err := scratch.Dir("held")
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		b, _, err := scratch.In(parent, ".private-")
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(a)
		fmt.Println(b)
		time.Sleep(time.Hour) // until it is killed
	}
	os.Exit(m.Run())
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// holder starts a process that holds two folders; kill ends it as the system does.
func holder(t *testing.T, temp, parent string) (temporary, private string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SCRATCH_TEST_HOLDER="+parent, "TMPDIR="+temp, "TMP="+temp)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(kill)
	lines := bufio.NewScanner(out)
	for _, to := range []*string{&temporary, &private} {
		if !lines.Scan() || !exists(lines.Text()) {
			t.Fatalf("the holder says %q", lines.Text())
		}
		*to = lines.Text()
	}
	return temporary, private, kill
}

func TestKilledProcessLeavesNothing(t *testing.T) {
	parent, again := t.TempDir(), t.TempDir()
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp)
	temporary, private, kill := holder(t, temp, parent)
	if err := os.WriteFile(filepath.Join(temporary, "large"), make([]byte, 1000), 0o600); err != nil {
		t.Fatal(err)
	}

	other, removeOther, err := scratch.In(parent, ".private-")
	if err != nil {
		t.Fatal(err)
	}
	if !exists(private) || !exists(other) {
		t.Error("the folder of a running process was removed")
	}
	kill()
	_, removeThird, err := scratch.In(parent, ".private-")
	if err != nil {
		t.Fatal(err)
	}
	_, remove, err := scratch.Dir("own")
	if err != nil {
		t.Fatal(err)
	}
	if exists(private) || exists(temporary) {
		t.Error("a killed process's folders are still there")
	}
	if !exists(other) {
		t.Error("a folder in use was removed")
	}
	// The next one must not mistake a folder in use for one of the killed process.
	if a, _, kill := holder(t, temp, again); !exists(a) || len(names(t, temp)) != 2 {
		t.Errorf("two processes hold %v", names(t, temp))
	} else {
		kill()
	}
	removeThird()
	removeOther()
	remove()
	if left := names(t, parent); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestNothingStays(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 20 {
				dir, remove, err := scratch.Dir("kind")
				if err != nil {
					t.Error(err)
					return
				}
				if err := os.WriteFile(filepath.Join(dir, "f"), nil, 0o600); err != nil {
					t.Error(err)
				}
				remove()
				remove()
				if exists(dir) {
					t.Errorf("%s is still there", dir)
				}
			}
		})
	}
	all.Wait()
	if left := names(t, temp); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestRoomRemovedByOthers(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp)
	first, remove, err := scratch.Dir("a")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Dir(first)); err != nil {
		t.Fatal(err)
	}
	second, removeSecond, err := scratch.Dir("b")
	if err != nil || !exists(second) {
		t.Fatalf("%q, %v", second, err)
	}
	remove()
	if !exists(second) {
		t.Error("removing the first removed the second")
	}
	removeSecond()
	if left := names(t, temp); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// What others put there under such a name is none of ours.
func TestForeignFoldersStay(t *testing.T) {
	parent := t.TempDir()
	target := filepath.Join(t.TempDir(), "precious")
	for _, dir := range []string{".private-empty", ".private-linked"} {
		if err := os.Mkdir(filepath.Join(parent, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(target, filepath.Join(parent, ".private-linked", "lock")); err != nil {
		t.Skip(err)
	}
	_, remove, err := scratch.In(parent, ".private-")
	if err != nil {
		t.Fatal(err)
	}
	remove()
	if left := names(t, parent); len(left) != 2 || exists(target) {
		t.Errorf("left %v; the link's target exists: %v", left, exists(target))
	}
}

func TestFolderThatTakesNoFiles(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	t.Setenv("TMPDIR", missing)
	t.Setenv("TMP", missing)
	if _, _, err := scratch.Dir("a"); err == nil {
		t.Error("a folder in a folder that is not there")
	}
	if _, _, err := scratch.In(missing, ".private-"); err == nil {
		t.Error("a folder in a folder that is not there")
	}
}
