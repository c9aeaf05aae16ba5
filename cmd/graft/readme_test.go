package main

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestREADME holds the compiler output that the README quotes against what the commands print.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	quotes := regexp.MustCompile("(?s)<!-- graft ([^\n]*) -->\n```\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(quotes) != 6 {
		t.Fatalf("%d quotations found, want 6", len(quotes))
	}
	for _, q := range quotes {
		var stdout, stderr bytes.Buffer
		if status := run(context.Background(), strings.Fields(q[1]), &stdout, &stderr); status != 0 {
			t.Fatalf("graft %s: status %d: %s", q[1], status, stderr.String())
		}
		if !strings.Contains(stdout.String(), q[2]) {
			t.Errorf("the README quotes of `graft %s`\n%s\nbut it prints\n%s", q[1], q[2], stdout.String())
		}
	}
}
