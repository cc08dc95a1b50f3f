package parser

// trace records, in a second run over a text with an error, which words and
// signs the grammar would have taken at each token. The first run does not
// pay for it.
type trace struct {
	// words has the expectations by token index.
	words map[int][]string
	// operand has the token indexes where an expression could begin.
	operand map[int]bool
	// errPos is the token index where the error was raised.
	errPos int
}

// expected notes that w would be taken i tokens ahead.
func (p *parser) expected(i int, w string) {
	if p.trace == nil || p.err != nil {
		return
	}
	at := min(p.pos+i, len(p.toks)-1)
	p.trace.words[at] = append(p.trace.words[at], w)
}

// expectedOperand notes that an expression could begin here.
func (p *parser) expectedOperand() {
	if p.trace != nil && p.err == nil {
		p.trace.operand[p.pos] = true
	}
}
