package language

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"graft/zoo/dataset"
)

// LoadWikiText2 reads WikiText-2 (Merity et al. 2017) word by word: train.txt, valid.txt and test.txt, looked for as package
// dataset does. Every line, also an empty one, ends with <eos>; the vocabulary is that of the training part in the order of
// first use, 33,278 words. Perplexities are per word and do not compare with the published ones, which are per sub-word of
// WikiText-103.
func LoadWikiText2(dir string) (*Text, error) {
	found, err := dataset.Locate("wikitext-2", dir)
	if err != nil {
		return nil, err
	}
	ids := map[string]int32{}
	t := &Text{Name: "wikitext-2"}
	for _, part := range []struct {
		file  string
		text  *[]int32
		grows bool
	}{{"train.txt", &t.Train, true}, {"valid.txt", &t.Valid, false}, {"test.txt", &t.Test, false}} {
		if *part.text, err = readWords(filepath.Join(found, part.file), ids, part.grows); err != nil {
			return nil, err
		}
	}
	t.Vocabulary = len(ids)
	return t, nil
}

// readWords returns the file's words as numbers. New ones are numbered where the vocabulary grows; otherwise they are <unk>.
func readWords(path string, ids map[string]int32, grows bool) ([]int32, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []int32
	lines := bufio.NewReader(f)
	for line := 1; ; line++ {
		text, err := lines.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if text == "" && err != nil {
			return out, nil
		}
		for _, word := range append(strings.Fields(text), "<eos>") {
			id, ok := ids[word]
			if !ok && grows {
				id, ok = int32(len(ids)), true
				ids[word] = id
			}
			if !ok {
				if id, ok = ids["<unk>"]; !ok {
					return nil, fmt.Errorf("%s, line %d: %q is not in the vocabulary, nor is <unk>", path, line, word)
				}
			}
			out = append(out, id)
		}
	}
}
