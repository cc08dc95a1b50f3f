package olap

import "htapdb/vector"

// nextPairs collects up to a batch of candidate pairs. Rows of kinds that ask
// only whether there is a match are left out once they have one.
func (p *joinProbe) nextPairs(in *vector.Batch) {
	limit := p.r.batch
	start := min(limit, p.n)
	p.pairRow, p.pairBuild = growBytes(p.pairRow, start), growBytes(p.pairBuild, start)
	switch t := p.t; {
	case t.linked == 0:
		p.pairRow, p.pairBuild, p.at = p.pairRow[:0], p.pairBuild[:0], p.n
	case t.direct != nil:
		p.directPairs(in, start)
	case t.dense || len(t.keys) == 0:
		p.rangePairs(in, limit)
	default:
		p.linkedPairs(in, limit)
	}
}

// directPairs takes the next rows with their only candidates.
func (p *joinProbe) directPairs(in *vector.Batch, rows int) {
	n, end := 0, min(p.at+rows, p.n)
	pairRow, pairBuild := p.pairRow[:rows], p.pairBuild[:rows]
	for k := p.at; k < end; k++ {
		c := p.from[k]
		pairRow[n], pairBuild[n] = int32(in.Row(k)), c
		n += int(^uint32(c) >> 31)
	}
	p.at = end
	p.pairRow, p.pairBuild = pairRow[:n], pairBuild[:n]
}

// once reports whether a row needs one match only.
func (p *joinProbe) once() bool { return p.j.Kind == Semi || p.j.Kind == Anti || p.j.Kind == Mark }

// linkedPairs takes the candidates whose salts agree. It looks at no more than
// limit links of a row at a time, and stops when there is no room for as many.
func (p *joinProbe) linkedPairs(in *vector.Batch, limit int) {
	n, links, once := 0, p.t.links, p.once()
	for p.at < p.n {
		k := p.at
		row := int32(in.Row(k))
		if once && p.matched[row] != 0 || p.first != nil && p.alreadyFound(k) {
			p.at++
			continue
		}
		from, to := int(p.from[k]), int(p.to[k])
		count := to - from
		if n+count > len(p.pairRow) {
			if n+count > limit {
				if n > 0 && count <= limit {
					break
				}
				count = limit - n
			}
			p.pairRow = growBytes(p.pairRow[:n], min(max(n+count, 2*n), limit))
			p.pairBuild = growBytes(p.pairBuild[:n], len(p.pairRow))
		}
		salt := uint32(p.hashes[k])
		pairRow, pairBuild := p.pairRow[n:], p.pairBuild[n:]
		found := 0
		for _, l := range links[from : from+count] {
			pairRow[found], pairBuild[found] = row, int32(l)
			if uint32(l>>32) == salt {
				found++
			}
		}
		n += found
		p.partial = from+count < to
		if p.from[k] = int32(from + count); p.partial {
			break
		}
		p.at++
	}
	p.pairRow, p.pairBuild = p.pairRow[:n], p.pairBuild[:n]
}

// rangePairs takes candidates that need no comparison: all build rows, or the
// rows of a dense key.
func (p *joinProbe) rangePairs(in *vector.Batch, limit int) {
	p.pairRow, p.pairBuild = p.pairRow[:0], p.pairBuild[:0]
	links, once := p.t.links, p.once()
	for ; p.at < p.n; p.at++ {
		k := p.at
		row := int32(in.Row(k))
		if once && p.matched[row] != 0 || p.first != nil && p.alreadyFound(k) {
			continue
		}
		n := int(p.to[k] - p.from[k])
		if room := limit - len(p.pairRow); n > room {
			n = room
		}
		for i := range n {
			id := p.from[k] + int32(i)
			if links != nil {
				id = int32(links[id])
			}
			p.pairRow, p.pairBuild = append(p.pairRow, row), append(p.pairBuild, id)
		}
		p.from[k] += int32(n)
		if p.partial = p.from[k] < p.to[k]; p.partial {
			return
		}
	}
}

// firstMatches sets p.first[k] to the first build row that matches the k-th
// alive row, −1 if there may be none. A row marks all build rows of its key, so
// the first one tells whether another row has done so; otherwise many probe rows
// with many matches each would mark the same rows over and over.
func (p *joinProbe) firstMatches(in *vector.Batch) {
	t := p.t
	p.first, p.partial = growBytes(p.first, p.n), false
	p.pairRow, p.pairBuild, p.rowsOf = p.pairRow[:0], p.pairBuild[:0], p.rowsOf[:0]
	for k := range p.n {
		p.first[k] = -1
		for _, l := range t.links[p.from[k]:p.to[k]] {
			if t.dense || uint32(l>>32) == uint32(p.hashes[k]) {
				p.pairRow = append(p.pairRow, int32(in.Row(k)))
				p.pairBuild = append(p.pairBuild, int32(l))
				p.rowsOf = append(p.rowsOf, int32(k))
				break
			}
		}
	}
	p.eq = growBytes(p.eq, len(p.pairRow))
	fill8(p.eq, 1)
	if !t.dense {
		p.compareKeys()
	}
	for i, k := range p.rowsOf {
		if p.eq[i] != 0 {
			p.first[k] = p.pairBuild[i]
		}
	}
}

// alreadyFound reports whether another row has marked the matches of row k,
// which has not begun to itself.
func (p *joinProbe) alreadyFound(k int) bool {
	return !p.partial && p.first[k] >= 0 && p.t.isFound(p.first[k])
}

// compareKeys clears p.eq for the pairs whose keys differ.
func (p *joinProbe) compareKeys() {
	for i, c := range p.t.keys {
		nullSafe := p.j.NullSafe != nil && p.j.NullSafe[i]
		p.elems = p.t.rows.cols[c].matchRows(p.keyCols[i], p.pairRow, p.pairBuild, nullSafe, p.eq, p.elems)
	}
}
