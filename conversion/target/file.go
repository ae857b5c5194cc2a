package target

// File writes one file of an artefact. While it does, the SHA-256 is computed
// and the system is asked to bring what is there to the disk, so that whoever
// makes the artefact durable in the end has little left to wait for.
type File struct {
	f           *Sparse
	sum         *Sum
	at, flushed int64
}

// flushEvery is how much is written between two requests to the system.
const flushEvery = 8 << 20

// Create makes the file or empties it.
func Create(path string) (*File, error) {
	f, err := CreateSparse(path)
	if err != nil {
		return nil, err
	}
	return &File{f: f, sum: NewSum()}, nil
}

// Write appends.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.f.Write(p)
	if err != nil {
		return n, err
	}
	f.at += int64(n)
	if f.at-f.flushed >= flushEvery {
		writeBack(f.f.f, f.flushed, f.at-f.flushed)
		f.flushed = f.at
	}
	return f.sum.Write(p)
}

// Close ends the file; more calls do nothing.
func (f *File) Close() error {
	f.sum.Hex()
	return f.f.Close()
}

// SHA256 is the sum of the whole file in hex, after Close.
func (f *File) SHA256() string { return f.sum.Hex() }
