package tpch

import (
	"sync"
	"sync/atomic"
)

// The text that comments are cut from: sentences of a small grammar (section 4.2 of the specification), one
// after the other, drawn from one stream. A comment is textSize-uniform offset and length.
//
// It is stored as words, not bytes: one code for each word, some 40 MB for 300 MiB, which takes a third
// of the time to make and misses the caches less. A word carries the space or nothing before it and the
// comma after it, so text is the concatenation of words; the very first space does not count.
//
// Blocks are made when a comment first needs them, each from its mark: where its first sentence starts
// and the state of the stream there. The marks (text_marks.go) cost 300 numbers in the source and make
// blocks independent of each other, so a small table makes little text and parallel parts share the work.
const (
	textSize  = 300 << 20
	textSeed  = 933588178
	blockSize = 1 << 20 // a block is the sentences that start in this many bytes of text
	blocks    = textSize / blockSize
	stride    = 256 // bytes of text between two entries of a block's index
	wordBytes = 24  // every word fits; copying this many bytes is three instructions
)

// textMark is where a block's first sentence starts, and the stream's last draw before it.
type textMark struct {
	draw uint32
	skip uint16 // bytes from the block's nominal start
}

// textBlock is a block's words.
type textBlock struct {
	once  sync.Once
	codes []byte
	// index[k] finds byte k·stride of the block: code position << 8 | bytes of that word before it.
	index []uint32
}

var textBlocks [blocks]textBlock

// lexicon numbers the words of the text. It is built once and then read only.
type lexicon struct {
	text   [256][wordBytes]byte
	length [256]uint8
	count  int

	// A list has one code for each unit of weight, so one draw indexes it.
	nouns, verbs, adverbs, adjectives, commaAdjectives, auxiliaries, prepositions, terminators []byte
	// Forms have one entry for each unit of weight, too.
	sentences, nounPhrases, verbPhrases [][]byte
}

var lex = newLexicon()

func newLexicon() *lexicon {
	l := &lexicon{}
	l.nouns = l.list(" ", nouns, "")
	l.verbs = l.list(" ", verbs, "")
	l.adverbs = l.list(" ", adverbs, "")
	l.adjectives = l.list(" ", adjectives, "")
	l.commaAdjectives = l.list(" ", adjectives, ",")
	l.auxiliaries = l.list(" ", auxiliaries, "")
	l.prepositions = l.list(" ", prepositions, " the")
	l.terminators = l.list("", terminators, "")
	l.sentences = forms(sentences)
	l.nounPhrases = forms(nounPhrases)
	l.verbPhrases = forms(verbPhrases)
	return l
}

// list gives the words codes and returns the list of codes by weight.
func (l *lexicon) list(before string, words []word, after string) []byte {
	var codes []byte
	for _, w := range words {
		code := byte(l.count)
		l.count++
		l.length[code] = uint8(copy(l.text[code][:], before+w.text+after))
		for range w.weight {
			codes = append(codes, code)
		}
	}
	return codes
}

// forms returns the phrase forms by weight, without their spaces; "J," becomes a lower-case "j".
func forms(list []word) [][]byte {
	var all [][]byte
	for _, f := range list {
		var form []byte
		for i := range len(f.text) {
			switch c := f.text[i]; c {
			case ' ':
			case ',':
				form[len(form)-1] = 'j'
			default:
				form = append(form, c)
			}
		}
		for range f.weight {
			all = append(all, form)
		}
	}
	return all
}

// textMaker writes sentences.
type textMaker struct {
	draw   stream
	codes  []byte
	length int // bytes of text that codes stand for
}

func (m *textMaker) word(list []byte) {
	code := list[m.draw.below(uint64(len(list)))]
	m.codes = append(m.codes, code)
	m.length += int(lex.length[code])
}

func (m *textMaker) sentence() {
	for _, c := range lex.sentences[m.draw.below(uint64(len(lex.sentences)))] {
		switch c {
		case 'N':
			m.nounPhrase()
		case 'V':
			m.verbPhrase()
		case 'P':
			m.word(lex.prepositions)
			m.nounPhrase()
		case 'T':
			m.word(lex.terminators)
		}
	}
}

func (m *textMaker) nounPhrase() {
	for _, c := range lex.nounPhrases[m.draw.below(uint64(len(lex.nounPhrases)))] {
		switch c {
		case 'N':
			m.word(lex.nouns)
		case 'J':
			m.word(lex.adjectives)
		case 'j':
			m.word(lex.commaAdjectives)
		case 'D':
			m.word(lex.adverbs)
		}
	}
}

func (m *textMaker) verbPhrase() {
	for _, c := range lex.verbPhrases[m.draw.below(uint64(len(lex.verbPhrases)))] {
		switch c {
		case 'V':
			m.word(lex.verbs)
		case 'X':
			m.word(lex.auxiliaries)
		case 'D':
			m.word(lex.adverbs)
		}
	}
}

// loadBlock returns block i, made on its first use.
func loadBlock(i int) *textBlock {
	b := &textBlocks[i]
	b.once.Do(func() { b.fill(textMarks[i]) })
	return b
}

// fill makes the block's sentences and their index.
func (b *textBlock) fill(mark textMark) {
	m := textMaker{draw: stream{value: uint64(mark.draw)}, codes: make([]byte, 0, blockSize/7)}
	for int(mark.skip)+m.length < blockSize {
		m.sentence()
	}
	b.codes = append([]byte(nil), m.codes...) // without the slack
	b.index = make([]uint32, 0, m.length/stride+1)
	at := 0
	for pos, code := range b.codes {
		end := at + int(lex.length[code])
		for next := len(b.index) * stride; next < end; next += stride {
			b.index = append(b.index, uint32(pos)<<8|uint32(next-at))
		}
		at = end
	}
}

// place is where a piece of the text starts: in the word codes[pos] of block i or soon behind it, skip
// bytes on.
type place struct {
	block *textBlock
	i     int
	pos   uint32
	skip  uint32
}

// find returns the place of an offset inside the text.
func find(offset int) place {
	at := offset + 1 // past the first word's space
	i := at / blockSize
	if at < i*blockSize+int(textMarks[i].skip) {
		i-- // in the last sentence of the block before
	}
	b := loadBlock(i)
	at -= i*blockSize + int(textMarks[i].skip)
	entry := b.index[at/stride]
	return place{b, i, entry >> 8, uint32(at%stride) + entry&0xff}
}

// appendTo appends length bytes of the text.
func (p place) appendTo(dst []byte, length int) []byte {
	i, codes, skip := p.i, p.block.codes[p.pos:], int(p.skip)
	for skip >= int(lex.length[codes[0]]) {
		skip -= int(lex.length[codes[0]])
		codes = codes[1:]
		if len(codes) == 0 {
			i++
			codes = loadBlock(i).codes
		}
	}

	// Words are copied with their padding, the first one whole: room for one more at the end, and the
	// skipped bytes are moved away last.
	start := len(dst)
	need := skip + length
	dst = grow(dst, need+wordBytes)
	out := dst[start:]
	n := 0
	for {
		for _, code := range codes {
			*(*[wordBytes]byte)(out[n:]) = lex.text[code]
			n += int(lex.length[code])
			if n >= need {
				copy(out, out[skip:need])
				return dst[:start+length]
			}
		}
		i++
		codes = loadBlock(i).codes
	}
}

// comment is a piece of the text.
type comment struct{ offset, length int32 }

// appendComments appends the pieces one after the other, and the end of each to ends. The pieces are all
// over the text, so each costs two cache misses; looking them up in two passes before copying lets the
// processor wait for many at once (lineitem: 3.1 instead of 1.8 million rows a second).
func appendComments(dst []byte, ends []int, comments []comment) ([]byte, []int) {
	var places [BatchRows]place
	for len(comments) > 0 {
		n := min(len(comments), BatchRows)
		for i, c := range comments[:n] {
			places[i] = find(int(c.offset))
		}
		touched := byte(0)
		for i := range places[:n] {
			touched |= places[i].block.codes[places[i].pos]
		}
		lookedUp.Store(uint32(touched))
		for i, c := range comments[:n] {
			dst = places[i].appendTo(dst, int(c.length))
			ends = append(ends, len(dst))
		}
		comments = comments[n:]
	}
	return dst, ends
}

// lookedUp keeps the compiler from dropping the loads of appendComments.
var lookedUp atomic.Uint32

// grow extends the slice by n bytes of any content.
func grow(b []byte, n int) []byte {
	if need := len(b) + n; need <= cap(b) {
		return b[:need]
	}
	return append(b, make([]byte, n)...)
}

// textStream draws comments with lengths of 0.4 to 1.6 times an average, rounded down.
type textStream struct {
	stream
	short, long int64
	size        int64 // of the text to cut from
}

func (j job) text(seed uint64, average, perRow int64) textStream {
	t := textStream{
		stream: j.stream(seed, 2*perRow),
		short:  average * 4 / 10,
		long:   average * 16 / 10,
		size:   textSize,
	}
	if j.variant == DuckDB {
		t.size = 10 << 20
	}
	return t
}

// draw draws a comment.
func (t *textStream) draw() comment {
	offset := t.between(0, t.size-t.long)
	return comment{int32(offset), int32(t.between(t.short, t.long))}
}
