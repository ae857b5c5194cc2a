package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// artefact describes one written file, whose sum the target may know already.
func (r *run) artefact(name, sum string) (Artefact, error) {
	if sum == "" {
		return describe(r.Dir, name)
	}
	st, err := os.Stat(filepath.Join(r.Dir, name))
	if err != nil {
		return Artefact{}, err
	}
	return Artefact{Path: name, Bytes: st.Size(), SHA256: sum}, nil
}

// describe hashes what was written under one name: a file's bytes, or, for a
// folder, the path, size and bytes of each file in it, in the order of paths.
func describe(dir, name string) (Artefact, error) {
	root := filepath.Join(dir, name)
	h := sha256.New()
	st, err := os.Stat(root)
	if err != nil {
		return Artefact{}, err
	}
	n := int64(0)
	if st.IsDir() {
		err = filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			rel, err := filepath.Rel(root, p)
			if err != nil {
				return err
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			fmt.Fprintf(h, "%s\x00%d\x00", filepath.ToSlash(rel), info.Size())
			size, err := hashFile(h, p)
			n += size
			return err
		})
	} else {
		n, err = hashFile(h, root)
	}
	if err != nil {
		return Artefact{}, err
	}
	return Artefact{Path: name, Bytes: n, SHA256: hex.EncodeToString(h.Sum(nil))}, nil
}

func hashFile(h hash.Hash, path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return io.Copy(h, f)
}
