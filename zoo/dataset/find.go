package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Find looks for the files of a data set in flagDir (unless empty), $GRAFT_DATA (unless empty) and the user's cache
// directory, each directly or in the subfolder of the set's kind. ok says that dir has every file; otherwise dir is the
// first folder that has some of them, or empty. tried lists the folders in the order they were looked at.
func Find(name, flagDir string) (dir string, tried []string, ok bool) {
	set, known := Lookup(name)
	if !known {
		return "", nil, false
	}
	for _, root := range roots(flagDir) {
		for _, d := range []string{root, filepath.Join(root, set.Kind)} {
			tried = append(tried, d)
			n := 0
			for _, f := range set.Files {
				if _, _, there := f.in(d); there {
					n++
				}
			}
			if n == len(set.Files) {
				return d, tried, true
			}
			if n > 0 && dir == "" {
				dir = d
			}
		}
	}
	return dir, tried, false
}

func roots(flagDir string) []string {
	var dirs []string
	for _, d := range []string{flagDir, os.Getenv("GRAFT_DATA")} {
		if d != "" {
			dirs = append(dirs, d)
		}
	}
	if cache, err := CacheDir(); err == nil {
		dirs = append(dirs, cache)
	}
	return dirs
}

// CacheDir returns the folder "graft" in the user's cache directory; it need not exist.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "graft"), nil
}

// in returns the path and checksum of the first form of the file that dir has.
func (f File) in(dir string) (path, sum string, ok bool) {
	for _, form := range []struct{ name, sum string }{{f.Name, f.SHA256}, {f.PlainName, f.PlainSHA256}} {
		if form.name == "" {
			continue
		}
		path = filepath.Join(dir, form.name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, form.sum, true
		}
	}
	return "", "", false
}

// Report says what Status found of a data set.
type Report struct {
	Set      Set
	Dir      string   // the folder that has the files, or some of them; empty if none has
	Tried    []string // the folders looked at
	Missing  []string // files that Dir lacks
	Altered  []string // files whose checksum is not the published one
	Complete bool     // nothing is missing
	Verified bool     // nothing is missing or altered
}

// Status finds a data set as [Find] does and compares its files with their checksums. An unknown name or a file that
// cannot be read is an error; missing and altered files are not.
func Status(name, flagDir string) (Report, error) {
	set, known := Lookup(name)
	if !known {
		return Report{}, unknown(name)
	}
	r := Report{Set: set}
	r.Dir, r.Tried, r.Complete = Find(name, flagDir)
	for _, f := range set.Files {
		path, want, ok := f.in(r.Dir)
		if r.Dir == "" || !ok {
			r.Missing = append(r.Missing, f.Name)
			continue
		}
		sum, err := checksum(path)
		if err != nil {
			return Report{}, err
		}
		if sum != want {
			r.Altered = append(r.Altered, filepath.Base(path))
		}
	}
	r.Verified = r.Complete && len(r.Altered) == 0
	return r, nil
}

// checksum returns the SHA-256 of a file in hexadecimal.
func checksum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// verified says whether the file is there with the given checksum.
func verified(path, want string) (bool, error) {
	sum, err := checksum(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return sum == want, err
}

// NotFoundError says that a data set is nowhere, and where it was looked for.
type NotFoundError struct {
	Name  string
	Tried []string
}

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("data set %q is not in any of %s; `graft data get %s` downloads it", e.Name, strings.Join(e.Tried, ", "), e.Name)
}

// Locate returns the folder to read a data set from. A folder that has a part of it is returned too, so that the reader can say
// which file is missing; where there is none at all, the error is a *NotFoundError.
func Locate(name, flagDir string) (string, error) {
	dir, tried, _ := Find(name, flagDir)
	if dir == "" {
		return "", &NotFoundError{name, tried}
	}
	return dir, nil
}
