package task

import (
	"encoding/csv"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"slipway/conversion/diag"
)

// Sample is one picture of a dataset.
type Sample struct {
	Path  string
	Label int // class index, -1 where unknown
}

// Dataset is a folder of pictures with or without labels.
type Dataset struct {
	Dir      string
	Samples  []Sample
	Labelled bool
	Findings diag.List
}

// OpenDataset reads a folder: a labels file (*.csv: file,label or
// file,classes,label) names the pictures beside it; else each sub-folder is a
// class, recognised by class name, synset, "INDEX" or "INDEX_name" (by order
// where none of that fits and there are as many folders as classes); else the
// pictures in it have no labels. Folders that match no class are reported and
// left out.
func OpenDataset(dir string, t *Task) (*Dataset, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, diag.Errorf("dataset.unreadable", "cannot be read: %v", err).In(dir)
	}
	d := &Dataset{Dir: dir}
	var folders []string
	for _, e := range entries {
		p := filepath.Join(dir, e.Name())
		switch {
		case isDir(p, e):
			folders = append(folders, e.Name())
		case strings.EqualFold(filepath.Ext(e.Name()), ".csv"):
			return d, d.readCSV(p)
		case IsPicture(p):
			d.Samples = append(d.Samples, Sample{p, -1})
		}
	}
	if len(folders) > 0 {
		d.readFolders(dir, folders, t)
	}
	if len(d.Samples) == 0 && len(d.Findings) == 0 {
		return nil, diag.Errorf("dataset.empty", "holds no pictures").In(dir).
			Suggest("put pictures there, or one folder of pictures per class")
	}
	return d, nil
}

func isDir(p string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	st, err := os.Stat(p)
	return err == nil && st.IsDir()
}

func (d *Dataset) readFolders(dir string, folders []string, t *Task) {
	sort.Strings(folders)
	classOf := classifier(dir, folders, t)
	for _, name := range folders {
		class := classOf(name)
		if class < 0 {
			d.Findings = append(d.Findings, diag.Warnf("dataset.unknown-class", "folder %q is no class of the model", name).In(dir).
				Suggest("name it after a class, its index or its synset, or give the class names in the task file"))
			continue
		}
		d.Labelled = true
		_ = filepath.WalkDir(filepath.Join(dir, name), func(p string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && IsPicture(p) {
				d.Samples = append(d.Samples, Sample{p, class})
			}
			return nil
		})
	}
}

// classifier finds which way of naming fits the folders.
func classifier(dir string, folders []string, t *Task) func(string) int {
	names := [][]string{}
	if t != nil {
		names = append(names, t.Labels, t.Folder)
	}
	names = append(names, synsetsNear(dir))
	byName := func(folder string) int {
		for _, list := range names {
			if i := slices.IndexFunc(list, func(l string) bool {
				first, _, _ := strings.Cut(l, ",")
				return strings.EqualFold(l, folder) || strings.EqualFold(first, folder)
			}); i >= 0 {
				return i
			}
		}
		digits, _, _ := strings.Cut(folder, "_")
		if n, err := strconv.Atoi(digits); err == nil && n >= 0 {
			return n
		}
		return -1
	}
	if t != nil && len(t.Labels) == len(folders) && !slices.ContainsFunc(folders, func(f string) bool { return byName(f) >= 0 }) {
		return func(folder string) int { return slices.Index(folders, folder) }
	}
	return byName
}

// synsetsNear looks for a list of ImageNet synsets (synsets*.txt) in the
// dataset's folder and up to two folders above, also in their "imagenet" folder.
func synsetsNear(dir string) []string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil
	}
	for range 3 {
		for _, pattern := range []string{"synsets*.txt", "imagenet/synsets*.txt"} {
			m, _ := filepath.Glob(filepath.Join(abs, pattern))
			if len(m) > 0 {
				if b, err := os.ReadFile(m[0]); err == nil {
					return ParseLabels(b)
				}
			}
		}
		abs = filepath.Dir(abs)
	}
	return nil
}

func (d *Dataset) readCSV(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return diag.Errorf("dataset.unreadable", "cannot be read: %v", err).In(path)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	rows, err := r.ReadAll()
	if err != nil {
		return diag.Errorf("dataset.labels", "is no table of labels: %v", err).In(path)
	}
	for i, row := range rows {
		if len(row) < 2 {
			return diag.Errorf("dataset.labels", "line %d needs file,label", i+1).In(path)
		}
		label, err := strconv.Atoi(strings.TrimSpace(row[len(row)-1]))
		if err != nil {
			if i == 0 {
				continue // a header
			}
			return diag.Errorf("dataset.labels", "line %d: %q is no class index", i+1, row[len(row)-1]).In(path)
		}
		name := filepath.FromSlash(strings.TrimSpace(row[0]))
		if !filepath.IsLocal(name) {
			return diag.Errorf("dataset.labels", "line %d: %q points outside the folder", i+1, row[0]).In(path)
		}
		p := filepath.Join(d.Dir, name)
		if _, err := os.Stat(p); errors.Is(err, fs.ErrNotExist) {
			d.Findings = append(d.Findings, diag.Warnf("dataset.missing", "line %d: %q is not there", i+1, name).In(path))
			continue
		}
		d.Samples = append(d.Samples, Sample{p, label})
	}
	d.Labelled = len(d.Samples) > 0
	return nil
}
