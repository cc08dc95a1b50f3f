// Command asm writes the vector-instruction kernels of package vector: Go
// assembly and the declarations of its functions, a topic at a time.
//
// The kernels process whole blocks only and leave the rest to their plain Go
// twins: so they need neither masked loads nor space behind a slice, and a twin
// is called even where the instructions exist, which keeps it tested.
//
// Run it by `go generate` in package vector.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/mmcloughlin/avo/build"
)

// topics are the generators; each makes one pair of files.
var topics = map[string]func(){
	"select": selectKernels,
	"sum":    sumKernels,
	"minmax": minMaxKernels,
	"unpack": unpackKernels,
	"hash":   hashKernels,
	"gather": gatherKernels,
	"codes":  codesKernels,
}

func main() {
	topic := flag.String("topic", "", "what to generate")
	flag.Parse()
	generate, ok := topics[*topic]
	if !ok {
		fmt.Fprintf(os.Stderr, "unknown topic %q\n", *topic)
		os.Exit(2)
	}
	build.ConstraintExpr("amd64,!purego")
	generate()
	build.Generate()
}
