package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
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
