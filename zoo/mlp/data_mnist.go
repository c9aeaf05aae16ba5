package mlp

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// The first four bytes of an idx file: two zeros, the element type (8: unsigned byte), the number of dimensions.
const (
	magicLabels = 0x00000801
	magicImages = 0x00000803
)

// maxIDX bounds what a file may unpack to; MNIST's largest is 47 MB.
const maxIDX = 256 << 20

// LoadMNIST reads the four idx files of MNIST, gzipped or not, from dir or dir/mnist:
// {train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz].
//
// Magic numbers, dimensions, exact lengths, label values and the agreement of the counts are checked; an error names the
// file and the byte or item. When a file is absent the error satisfies errors.Is(err, fs.ErrNotExist).
//
// Source: http://yann.lecun.com/exdb/mnist/.
func LoadMNIST(dir string) (*Dataset, error) {
	train, err := loadSplit(dir, "train")
	if err != nil {
		return nil, err
	}
	test, err := loadSplit(dir, "t10k")
	if err != nil {
		return nil, err
	}
	return &Dataset{Name: "mnist", Train: train, Test: test}, nil
}

func loadSplit(dir, prefix string) (Split, error) {
	imagesPath, data, err := readIDX(dir, prefix+"-images-idx3-ubyte")
	if err != nil {
		return Split{}, err
	}
	images, err := parseImages(data)
	if err != nil {
		return Split{}, fmt.Errorf("%s: %w", imagesPath, err)
	}
	labelsPath, data, err := readIDX(dir, prefix+"-labels-idx1-ubyte")
	if err != nil {
		return Split{}, err
	}
	labels, err := parseLabels(data)
	if err != nil {
		return Split{}, fmt.Errorf("%s: %w", labelsPath, err)
	}
	if n := len(images) / pixels; n != len(labels) {
		return Split{}, fmt.Errorf("%s: %d labels, but %s has %d images", labelsPath, len(labels), imagesPath, n)
	}
	return newSplit(images, labels), nil
}

// readIDX returns the unpacked content of the first form of the file that exists.
func readIDX(dir, name string) (path string, data []byte, err error) {
	for _, d := range []string{dir, filepath.Join(dir, "mnist")} {
		for _, file := range []string{name + ".gz", name} {
			path = filepath.Join(d, file)
			f, err := os.Open(path)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return "", nil, err
			}
			defer f.Close()
			data, err = unpack(f, file != name)
			if err != nil {
				return "", nil, fmt.Errorf("%s: after %d unpacked bytes: %w", path, len(data), err)
			}
			return path, data, nil
		}
	}
	return "", nil, fmt.Errorf("mnist: %s.gz is neither in %s nor in its subfolder mnist: %w", name, dir, fs.ErrNotExist)
}

func unpack(r io.Reader, zipped bool) ([]byte, error) {
	if zipped {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		r = z
	}
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(r, maxIDX+1))
	if err == nil && n > maxIDX {
		err = fmt.Errorf("more than %d bytes", maxIDX)
	}
	return b.Bytes(), err
}

// parseImages returns the pixels of an idx3 file, n * 784 bytes.
func parseImages(data []byte) ([]byte, error) {
	return parseIDX(data, magicImages, side, side)
}

// parseLabels returns the labels of an idx1 file, each checked to be 0..9.
func parseLabels(data []byte) ([]byte, error) {
	items, err := parseIDX(data, magicLabels)
	if err != nil {
		return nil, err
	}
	for i, l := range items {
		if l >= classes {
			return nil, fmt.Errorf("label of item %d is %d, not 0..%d", i, l, classes-1)
		}
	}
	return items, nil
}

// parseIDX checks the header of an idx file of bytes, whose items have the given dimensions, and returns what follows it.
func parseIDX(data []byte, magic uint32, dims ...uint32) ([]byte, error) {
	header := 8 + 4*len(dims)
	if len(data) < header {
		return nil, fmt.Errorf("header cut short at byte %d of %d", len(data), header)
	}
	if m := binary.BigEndian.Uint32(data); m != magic {
		return nil, fmt.Errorf("byte 0: magic number 0x%08x, want 0x%08x", m, magic)
	}
	n := int64(binary.BigEndian.Uint32(data[4:]))
	if n == 0 {
		return nil, errors.New("byte 4: no items")
	}
	size := int64(1)
	for i, want := range dims {
		at := 8 + 4*i
		if d := binary.BigEndian.Uint32(data[at:]); d != want {
			return nil, fmt.Errorf("byte %d: dimension %d is %d, want %d", at, i+1, d, want)
		}
		size *= int64(want)
	}
	body := data[header:]
	if have := int64(len(body)); have < n*size {
		return nil, fmt.Errorf("cut short at byte %d, in item %d of %d", len(data), have/size, n)
	} else if have > n*size {
		return nil, fmt.Errorf("%d bytes follow the last of %d items, from byte %d on", have-n*size, n, int64(header)+n*size)
	}
	return body, nil
}
