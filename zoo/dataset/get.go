package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// maxDownload bounds a file; the largest of the table has 10 MB.
const maxDownload = 128 << 20

// Get downloads the files of a data set into destDir, which is made if need be. Files that are there with the right
// checksum are not downloaded again. A download goes to a temporary file, is verified, and only then takes its name: after
// an error every file is as it was, or complete. The client may be nil, for http.DefaultClient; baseURL names a mirror and
// may be empty, for the set's own URL.
func Get(ctx context.Context, name, destDir string, client *http.Client, baseURL string) error {
	set, known := Lookup(name)
	if !known {
		return unknown(name)
	}
	if client == nil {
		client = http.DefaultClient
	}
	if baseURL == "" {
		baseURL = set.URL
	}
	if err := os.MkdirAll(destDir, 0o755); err != nil {
		return err
	}
	for _, f := range set.Files {
		url := strings.TrimSuffix(baseURL, "/") + "/" + f.Name
		if err := getFile(ctx, client, url, filepath.Join(destDir, f.Name), f.SHA256); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func getFile(ctx context.Context, client *http.Client, url, path, want string) (err error) {
	if done, err := verified(path, want); done || err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: the server answers %s", url, resp.Status)
	}

	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*.part")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(tmp, h), io.LimitReader(resp.Body, maxDownload+1))
	if err != nil {
		return fmt.Errorf("%s: after %d bytes: %w", url, n, err)
	}
	if n > maxDownload {
		return fmt.Errorf("%s: more than %d bytes", url, maxDownload)
	}
	if sum := hex.EncodeToString(h.Sum(nil)); sum != want {
		return fmt.Errorf("%s: the SHA-256 of its %d bytes is %s, not %s: not kept", url, n, sum, want)
	}
	// CreateTemp makes files only their owner may read; data are no secret.
	if err = tmp.Chmod(0o644); err != nil {
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
