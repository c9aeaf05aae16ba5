package dataset

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// isolate points every place that Find looks at to fresh folders and returns them.
func isolate(t *testing.T) (flag, env, cache string) {
	t.Helper()
	flag, env = t.TempDir(), t.TempDir()
	t.Setenv("GRAFT_DATA", env)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	cache, err := CacheDir()
	if err != nil {
		t.Skip(err)
	}
	return flag, env, cache
}

func put(t *testing.T, dir string, names ...string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if err := os.WriteFile(filepath.Join(dir, n), []byte("not the published bytes"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func names(t *testing.T, set string) []string {
	t.Helper()
	s, ok := Lookup(set)
	if !ok {
		t.Fatalf("no data set %s", set)
	}
	var out []string
	for _, f := range s.Files {
		out = append(out, f.Name)
	}
	return out
}

func TestTable(t *testing.T) {
	files := 0
	for _, s := range Sets() {
		for _, f := range s.Files {
			files++
			if len(f.SHA256) != 64 || f.PlainName != "" && len(f.PlainSHA256) != 64 {
				t.Errorf("%s: %s has no SHA-256", s.Name, f.Name)
			}
		}
	}
	if files != 4+3*8+3 {
		t.Errorf("%d files, want 31", files)
	}
}

func TestFindOrder(t *testing.T) {
	flag, env, cache := isolate(t)
	dir, tried, ok := Find("cora", flag)
	want := []string{flag, filepath.Join(flag, "planetoid"), env, filepath.Join(env, "planetoid"), cache, filepath.Join(cache, "planetoid")}
	if ok || dir != "" || !slices.Equal(tried, want) {
		t.Fatalf("found %q after %v, want nothing after %v", dir, tried, want)
	}
	cora := names(t, "cora")
	for _, step := range []string{filepath.Join(cache, "planetoid"), env, filepath.Join(flag, "planetoid"), flag} {
		put(t, step, cora...)
		if dir, _, ok := Find("cora", flag); !ok || dir != step {
			t.Errorf("found %q, %v, want %q", dir, ok, step)
		}
	}
	// A folder with a part of the set gives way to a whole one, and is named when there is none.
	put(t, flag, names(t, "pubmed")[1:]...)
	if dir, _, ok := Find("pubmed", flag); ok || dir != flag {
		t.Errorf("part of pubmed: found %q, %v", dir, ok)
	}
	put(t, cache, names(t, "pubmed")...)
	if dir, _, ok := Find("pubmed", flag); !ok || dir != cache {
		t.Errorf("pubmed: found %q, %v", dir, ok)
	}
	if _, _, ok := Find("cifar", flag); ok {
		t.Error("found an unknown data set")
	}
}

func TestStatus(t *testing.T) {
	flag, _, _ := isolate(t)
	r, err := Status("mnist", flag)
	if err != nil || r.Complete || r.Verified || len(r.Missing) != 4 || len(r.Tried) != 6 {
		t.Errorf("nothing there: %+v, %v", r, err)
	}
	put(t, flag, "train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz")
	r, err = Status("mnist", flag)
	if err != nil || r.Complete || !slices.Equal(r.Missing, []string{"t10k-labels-idx1-ubyte.gz"}) ||
		!slices.Equal(r.Altered, []string{"train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz"}) {
		t.Errorf("three altered files: %+v, %v", r, err)
	}
	if _, err := Status("cifar", flag); err == nil || !strings.Contains(err.Error(), "there are mnist, cora") {
		t.Errorf("unknown name: %v", err)
	}
}

func TestStatusRealData(t *testing.T) {
	root := os.Getenv("GRAFT_DATA")
	if root == "" {
		t.Skip("SKIP-DATA: GRAFT_DATA is not set, the checksums of the data sets are not tested")
	}
	for _, name := range []string{"mnist", "cora", "citeseer"} {
		r, err := Status(name, root)
		if err != nil || !r.Verified {
			t.Fatalf("%s: found in %q, missing %v, altered %v, error %v", name, r.Dir, r.Missing, r.Altered, err)
		}
	}
}

// TestStatusPubMed: of a copy without allx, as some are, the other seven files are as published.
func TestStatusPubMed(t *testing.T) {
	root := os.Getenv("GRAFT_DATA")
	if root == "" {
		t.Skip("SKIP-DATA: GRAFT_DATA is not set, the checksums of PubMed are not tested")
	}
	r, err := Status("pubmed", root)
	if err != nil || len(r.Altered) > 0 || r.Verified != (len(r.Missing) == 0) {
		t.Fatalf("found in %q, missing %v, altered %v, error %v", r.Dir, r.Missing, r.Altered, err)
	}
	if len(r.Missing) > 0 && !slices.Equal(r.Missing, []string{"ind.pubmed.allx"}) {
		t.Errorf("missing %v", r.Missing)
	}
}

// server answers every request with content, but for the paths /missing and /cut.
func server(t *testing.T, content string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/missing") {
			http.NotFound(w, r)
			return
		}
		if strings.HasSuffix(r.URL.Path, "/cut") {
			w.Header().Set("Content-Length", "100")
		}
		fmt.Fprint(w, content)
	}))
	t.Cleanup(s.Close)
	return s
}

// The SHA-256 of "abc", from FIPS 180-2.
const sumABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

func TestGetFile(t *testing.T) {
	s, ctx := server(t, "abc"), context.Background()
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := getFile(ctx, s.Client(), s.URL+"/file", path, sumABC); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "abc" {
		t.Fatalf("got %q, %v", data, err)
	}
	// A file that is right is not asked for again; one that is not is replaced.
	if err := getFile(ctx, s.Client(), s.URL+"/missing", path, sumABC); err != nil {
		t.Error(err)
	}
	put(t, dir, "file")
	if err := getFile(ctx, s.Client(), s.URL+"/file", path, sumABC); err != nil {
		t.Error(err)
	}
	if data, _ := os.ReadFile(path); string(data) != "abc" {
		t.Errorf("an altered file is not replaced: %q", data)
	}
}

func TestGetRefuses(t *testing.T) {
	s := server(t, "abc")
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		ctx             context.Context
		url, sum, wants string
	}{
		{context.Background(), "/file", strings.Repeat("0", 64), "SHA-256"},
		{context.Background(), "/missing", sumABC, "404"},
		{context.Background(), "/cut", sumABC, "after 3 bytes"},
		{cancelled, "/file", sumABC, "canceled"},
	} {
		dir := t.TempDir()
		put(t, dir, "file")
		err := getFile(c.ctx, s.Client(), s.URL+c.url, filepath.Join(dir, "file"), c.sum)
		if err == nil || !strings.Contains(err.Error(), c.wants) {
			t.Errorf("%s: got error %v, want %q", c.url, err, c.wants)
		}
		entries, _ := os.ReadDir(dir)
		data, _ := os.ReadFile(filepath.Join(dir, "file"))
		if len(entries) != 1 || string(data) != "not the published bytes" {
			t.Errorf("%s: %d files are left, the earlier one holds %q", c.url, len(entries), data)
		}
	}
}

func TestGet(t *testing.T) {
	s := server(t, "abc")
	dir := filepath.Join(t.TempDir(), "new", "folder")
	err := Get(context.Background(), "cora", dir, s.Client(), s.URL+"/data/")
	if err == nil || !strings.Contains(err.Error(), s.URL+"/data/ind.cora.x") || !strings.Contains(err.Error(), "not kept") {
		t.Errorf("wrong bytes: got error %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("%d files are left, error %v", len(entries), err)
	}
	if err := Get(context.Background(), "cifar", dir, nil, s.URL); err == nil {
		t.Error("an unknown data set is accepted")
	}
}

func TestGetRealData(t *testing.T) {
	if os.Getenv("GRAFT_DATA") == "" {
		t.Skip("SKIP-DATA: GRAFT_DATA is not set, a whole download is not tested")
	}
	from, _, ok := Find("cora", "")
	if !ok {
		t.Fatal("cora is not in GRAFT_DATA")
	}
	s := httptest.NewServer(http.FileServer(http.Dir(from)))
	defer s.Close()
	dir := t.TempDir()
	if err := Get(context.Background(), "cora", dir, s.Client(), s.URL); err != nil {
		t.Fatal(err)
	}
	if r, err := Status("cora", dir); err != nil || r.Dir != dir || !r.Verified {
		t.Errorf("after the download: %+v, %v", r, err)
	}
}
