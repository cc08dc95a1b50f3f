package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The checked-in assembly is what the generators write.
func TestGenerated(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the generators")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "asm")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for topic := range topics {
		source, stubs := "kernel_"+topic+"_amd64.s", "kernel_"+topic+"_amd64.go"
		cmd := exec.Command(program, "-topic", topic, "-out", source, "-stubs", stubs, "-pkg", "vector")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", topic, err, out)
		}
		for _, name := range []string{source, stubs} {
			got, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(filepath.Join("..", "..", name))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs from what its generator writes: run go generate in package vector", name)
			}
		}
	}
}

// legacy is an instruction without a VEX prefix on a vector register.
var legacy = regexp.MustCompile(`(?m)^\t([A-UW-Z]\w*)[ \t].*\b[XYZ]\d`)

// No kernel mixes instructions of the first vector extensions with those of AVX:
// while the upper halves of the registers are in use, each such instruction can
// cost more than the rest of its loop.
func TestNoLegacyInstructions(t *testing.T) {
	if !legacy.MatchString("\tMOVD DI, X2\n") || legacy.MatchString("\tVMOVD DI, X2\n") {
		t.Fatal("the pattern does not tell MOVD and VMOVD apart")
	}
	for topic := range topics {
		name := "kernel_" + topic + "_amd64.s"
		source, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range legacy.FindAllStringSubmatch(string(source), -1) {
			if !strings.HasPrefix(m[1], "K") { // masks of AVX-512
				t.Errorf("%s:%s", name, m[0])
			}
		}
	}
}
