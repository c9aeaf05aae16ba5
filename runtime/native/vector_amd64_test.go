//go:build !noasm

package native

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRegisters checks that routines use registers that their instruction set has: the generator's allocator goes on to
// register 16 of any width where it runs out of others. AVX2 has none, AVX-512F only wide ones but for conversions
// and moves between halves.
func TestRegisters(t *testing.T) {
	upper := regexp.MustCompile(`\b([XYZ])(1[6-9]|2[0-9]|3[01])\b`)
	halves := regexp.MustCompile(`^\s*(VCVT|VEXTRACTF64X4|VINSERTF64X4)`)
	files, err := filepath.Glob("../*/*_amd64.s")
	if err != nil || len(files) < 3 {
		t.Fatalf("found %v, %v", files, err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		routine, lines := "", bufio.NewScanner(f)
		for n := 1; lines.Scan(); n++ {
			line := lines.Text()
			if strings.HasPrefix(line, "TEXT") {
				routine = line
			}
			for _, r := range upper.FindAllString(line, -1) {
				if !strings.Contains(routine, "AVX512") || r[0] == 'X' || r[0] == 'Y' && !halves.MatchString(line) {
					t.Errorf("%s:%d: %s in %s", name, n, r, routine)
				}
			}
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
}
