package mlp

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func dataDir(t *testing.T) string {
	dir := os.Getenv("GRAFT_DATA")
	if dir == "" {
		t.Skip("SKIP-DATA: GRAFT_DATA is not set, MNIST itself is not tested")
	}
	return dir
}

func TestMNIST(t *testing.T) {
	d, err := LoadMNIST(dataDir(t))
	if err != nil {
		t.Fatal(err)
	}
	if d.Name != "mnist" || d.Train.N != 60000 || d.Test.N != 10000 {
		t.Fatalf("got %s with %d and %d images", d.Name, d.Train.N, d.Test.N)
	}
	// Known facts of the files: the first labels, the frequency of zeros and ones, and a training set of mean 0, deviation 1.
	if got, want := d.Train.Labels[:5], []int32{5, 0, 4, 1, 9}; !slices.Equal(got, want) {
		t.Errorf("first training labels %v, want %v", got, want)
	}
	if got, want := d.Test.Labels[:5], []int32{7, 2, 1, 0, 4}; !slices.Equal(got, want) {
		t.Errorf("first test labels %v, want %v", got, want)
	}
	if n := counts(d.Train); n[0] != 5923 || n[1] != 6742 {
		t.Errorf("%d zeros and %d ones, want 5923 and 6742", n[0], n[1])
	}
	var sum, squares float64
	for _, v := range d.Train.Images {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(d.Train.Images))
	if mean, deviation := sum/n, math.Sqrt(squares/n); math.Abs(mean) > 1e-3 || math.Abs(deviation-1) > 1e-3 {
		t.Errorf("training pixels have mean %.5f and deviation %.5f, want 0 and 1", mean, deviation)
	}
}

func counts(s Split) (n [classes]int) {
	for _, l := range s.Labels {
		n[l]++
	}
	return n
}

// idx assembles an idx file.
func idx(magic uint32, dims []uint32, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, magic)
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return append(b, body...)
}

func images(n int) []byte {
	return idx(magicImages, []uint32{uint32(n), side, side}, make([]byte, n*pixels))
}

func labels(l ...byte) []byte { return idx(magicLabels, []uint32{uint32(len(l))}, l) }

func zipped(data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(data)
	z.Close()
	return b.Bytes()
}

// small is a valid data set of three training images and one test image, packed and unpacked files mixed.
func small() map[string][]byte {
	first := images(3)
	first[16] = 255
	return map[string][]byte{
		"train-images-idx3-ubyte.gz": zipped(first),
		"train-labels-idx1-ubyte":    labels(3, 0, 9),
		"t10k-images-idx3-ubyte":     images(1),
		"t10k-labels-idx1-ubyte.gz":  zipped(labels(7)),
	}
}

func write(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoadSmall(t *testing.T) {
	for _, sub := range []string{"", "mnist"} {
		root := t.TempDir()
		dir := filepath.Join(root, sub)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, dir, small())
		d, err := LoadMNIST(root)
		if err != nil {
			t.Fatal(err)
		}
		if d.Train.N != 3 || d.Test.N != 1 || !slices.Equal(d.Train.Labels, []int32{3, 0, 9}) {
			t.Errorf("got %d and %d images, labels %v", d.Train.N, d.Test.N, d.Train.Labels)
		}
		white, black := float32((1-0.1307)/0.3081), float32(-0.1307/0.3081)
		if d.Train.Images[0] != white || d.Train.Images[1] != black {
			t.Errorf("pixels %v %v, want %v %v", d.Train.Images[0], d.Train.Images[1], white, black)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	const trainImages, trainLabels = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"
	for _, c := range []struct {
		name, file string
		data       []byte
		want       string
	}{
		{"empty", trainLabels, nil, "cut short at byte 0"},
		{"magic", trainLabels, images(1), "byte 0: magic number 0x00000803"},
		{"width", trainImages, zipped(idx(magicImages, []uint32{1, side, 27}, make([]byte, side*27))), "byte 12: dimension 2 is 27"},
		{"height", trainImages, zipped(idx(magicImages, []uint32{1, 32, side}, nil)), "byte 8: dimension 1 is 32"},
		{"short", trainImages, zipped(images(3)[:16+2*pixels+5]), "cut short at byte 1589, in item 2 of 3"},
		{"huge count", trainImages, zipped(idx(magicImages, []uint32{1<<32 - 1, side, side}, nil)), "in item 0 of 4294967295"},
		{"long", trainLabels, append(labels(1, 2, 3), 4), "1 bytes follow the last of 3 items, from byte 11"},
		{"none", trainLabels, labels(), "byte 4: no items"},
		{"label", trainLabels, labels(1, 10, 3), "label of item 1 is 10"},
		{"counts", trainLabels, labels(1, 2), "2 labels, but"},
		{"torn gzip", trainImages, zipped(images(3))[:20], "unexpected EOF"},
		{"no gzip", trainImages, images(3), "invalid header"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			files := small()
			files[c.file] = c.data
			write(t, dir, files)
			_, err := LoadMNIST(dir)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.file) {
				t.Errorf("got error %v, want %q of %s", err, c.want, c.file)
			}
		})
	}
	if _, err := LoadMNIST(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("empty folder: got %v, want fs.ErrNotExist", err)
	}
}

func FuzzIDX(f *testing.F) {
	f.Add(images(1))
	f.Add(labels(1, 2, 3))
	f.Add(idx(magicImages, []uint32{1<<32 - 1, side, side}, nil))
	f.Add(labels(11))
	f.Add(zipped(labels(4)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if raw, err := parseImages(data); err == nil && (len(raw) == 0 || len(raw)%pixels != 0) {
			t.Errorf("accepted %d pixels", len(raw))
		}
		if l, err := parseLabels(data); err == nil && (len(l) == 0 || slices.Max(l) >= classes) {
			t.Errorf("accepted labels %v", l)
		}
		if plain, err := unpack(bytes.NewReader(data), true); err == nil {
			parseLabels(plain)
		}
	})
}

func TestSynthetic(t *testing.T) {
	d := Synthetic(1, 3000, 1000)
	if d.Name != "synthetic-digits" || d.Train.N != 3000 || d.Test.N != 1000 || len(d.Train.Images) != 3000*pixels {
		t.Fatalf("got %s with %d and %d images", d.Name, d.Train.N, d.Test.N)
	}
	for l, n := range counts(d.Train) {
		if n < 220 || n > 380 {
			t.Errorf("class %d has %d of 3000 images", l, n)
		}
	}
	if again := Synthetic(1, 50, 10); !slices.Equal(again.Train.Images, d.Train.Images[:50*pixels]) ||
		!slices.Equal(again.Test.Labels, d.Test.Labels[:10]) || !slices.Equal(again.Val.Labels, d.Val.Labels[:10]) {
		t.Error("a shorter set of the same seed differs")
	}
	if slices.Equal(d.Val.Labels, d.Test.Labels) || slices.Equal(d.Val.Labels, d.Train.Labels[:1000]) {
		t.Error("validation images are not drawn by themselves")
	}
	if other := Synthetic(2, 50, 10); slices.Equal(other.Train.Labels, d.Train.Labels[:50]) {
		t.Error("another seed gives the same labels")
	}
	if empty := Synthetic(1, 0, 0); empty.Train.N != 0 {
		t.Error("a set of no images has some")
	}
}

// TestValidation divides a set that has no validation part, as MNIST has none, and leaves one alone that has.
func TestValidation(t *testing.T) {
	d := Synthetic(1, 60, 10)
	if v := d.withValidation(); v.Train.N != 60 || v.Val.N != 10 {
		t.Errorf("a set with 10 validation rows has %d, and %d to train on", v.Val.N, v.Train.N)
	}
	d.Val = Split{}
	v := d.withValidation()
	if v.Train.N != 50 || v.Val.N != 10 || !slices.Equal(slices.Concat(v.Train.Labels, v.Val.Labels), d.Train.Labels) ||
		!slices.Equal(slices.Concat(v.Train.Images, v.Val.Images), d.Train.Images) || !slices.Equal(v.Test.Images, d.Test.Images) {
		t.Errorf("60 training rows are divided into %d and %d", v.Train.N, v.Val.N)
	}
	if d.Train.N != 60 {
		t.Error("the set itself is altered")
	}
}

// The classes must be there to learn (nearest neighbour finds them) without being trivial (nearest class mean does not).
func TestSyntheticDifficulty(t *testing.T) {
	d := Synthetic(3, 3000, 300)
	var mean [classes][pixels]float32
	n := counts(d.Train)
	for i, l := range d.Train.Labels {
		for p, v := range d.Train.Images[i*pixels : (i+1)*pixels] {
			mean[l][p] += v / float32(n[l])
		}
	}
	byMean, byNeighbour := 0, 0
	for i, want := range d.Test.Labels {
		img := d.Test.Images[i*pixels : (i+1)*pixels]
		best, class := float32(math.MaxFloat32), int32(-1)
		for l := range mean {
			if e := distance(img, mean[l][:]); e < best {
				best, class = e, int32(l)
			}
		}
		if class == want {
			byMean++
		}
		best = math.MaxFloat32
		for j, l := range d.Train.Labels {
			if e := distance(img, d.Train.Images[j*pixels:(j+1)*pixels]); e < best {
				best, class = e, l
			}
		}
		if class == want {
			byNeighbour++
		}
	}
	t.Logf("nearest mean %.1f %%, nearest neighbour %.1f %%", float64(byMean)/3, float64(byNeighbour)/3)
	if byMean < 120 || byMean > 240 || byNeighbour < 240 {
		t.Errorf("of 300: nearest mean %d (want 120..240), nearest neighbour %d (want at least 240)", byMean, byNeighbour)
	}
}

func distance(a, b []float32) (sum float32) {
	for i, v := range a {
		sum += (v - b[i]) * (v - b[i])
	}
	return sum
}

func BenchmarkSynthetic10k(b *testing.B) {
	for b.Loop() {
		Synthetic(0, 10000, 0)
	}
}
