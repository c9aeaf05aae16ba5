package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"os"
)

// journal is metrics.jsonl. It is only ever appended to, and cut at a resume; a checksum of its lines is kept so that a
// checkpoint can say which lines it covers.
type journal struct {
	file *os.File
	size int64
	sum  hash.Hash
}

// openJournal opens the file, or creates it, and takes the directory for this process.
func openJournal(path string, create bool) (*journal, error) {
	mode := os.O_RDWR
	if create {
		mode |= os.O_CREATE
	}
	f, err := os.OpenFile(path, mode, 0o644)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: another run is writing here: %w", path, err)
	}
	return &journal{file: f, sum: sha256.New()}, nil
}

// cover reads the lines that a checkpoint covers: the first size bytes, with that checksum.
func (j *journal) cover(size int64, sum string) ([]Record, error) {
	covered, err := io.ReadAll(io.LimitReader(j.file, size))
	if err != nil {
		return nil, err
	}
	if int64(len(covered)) < size {
		return nil, fmt.Errorf("%s: %d bytes, the checkpoint counts on %d", j.file.Name(), len(covered), size)
	}
	j.size = size
	j.sum.Write(covered)
	if got := j.digest(); got != sum {
		return nil, fmt.Errorf("%s: altered since the checkpoint was written (checksum %s, not %s)", j.file.Name(), got, sum)
	}
	var history []Record
	for line := range bytes.Lines(covered) {
		var r Record
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", j.file.Name(), len(history)+1, err)
		}
		history = append(history, r)
	}
	return history, nil
}

// cut drops what follows the covered lines.
func (j *journal) cut() error {
	if err := j.file.Truncate(j.size); err != nil {
		return err
	}
	_, err := j.file.Seek(j.size, io.SeekStart)
	return err
}

// append adds a line and returns when it is on disk.
func (j *journal) append(r *Record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if _, err := j.file.Write(line); err != nil {
		return err
	}
	if err := j.file.Sync(); err != nil {
		return err
	}
	j.size += int64(len(line))
	j.sum.Write(line)
	return nil
}

func (j *journal) digest() string { return hex.EncodeToString(j.sum.Sum(nil)) }
