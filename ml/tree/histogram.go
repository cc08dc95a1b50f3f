package tree

// packed is the packed sums of a group's features by code.
type packed [groupSize][256]int64

// addGroup adds the values of rows to the bins of all features of a group. The eight
// additions go to different arrays, so that none waits for another's store.
func (p *packed) addGroup(codes []uint64, values []int64, rows []int32) {
	values = values[:len(codes)]
	for _, r := range rows {
		w, v := codes[r], values[r]
		p[0][uint8(w)] += v
		p[1][uint8(w>>8)] += v
		p[2][uint8(w>>16)] += v
		p[3][uint8(w>>24)] += v
		p[4][uint8(w>>32)] += v
		p[5][uint8(w>>40)] += v
		p[6][uint8(w>>48)] += v
		p[7][uint8(w>>56)] += v
	}
}

// addOne adds the values of rows to the bins of one feature of a group.
func (p *packed) addOne(feature int, codes []uint64, values []int64, rows []int32) {
	values = values[:len(codes)]
	shift := uint(feature) * 8
	bins := &p[feature]
	for _, r := range rows {
		bins[uint8(codes[r]>>(shift&63))] += values[r]
	}
}

// fewFeatures is how many features of a group are added one by one: 4,096 rows of one
// take 8 µs, of all eight together 14.
const fewFeatures = 1

// add adds rows to the sums of the given features of group g. hist has the bins of
// feature f from at[f]; features are ascending and those of the group.
func (p *packed) add(g *grower, group int, features []int32, rows []int32, hist []int64) {
	codes := g.m.codes[group]
	for plane, values := range g.values {
		for from := 0; from < len(rows); from += chunkRows {
			part := rows[from:min(from+chunkRows, len(rows))]
			if len(features) <= fewFeatures {
				for _, f := range features {
					p.addOne(int(f)%groupSize, codes, values, part)
				}
			} else {
				p.addGroup(codes, values, part)
			}
			for _, f := range features {
				g.layout.widen(plane, p[f%groupSize][:g.m.features[f].codes], hist[g.at[f]:])
			}
			if len(features) > fewFeatures && len(features) < groupSize {
				p.forget(features)
			}
		}
	}
}

// forget empties the bins of the features that are not wanted but were added.
func (p *packed) forget(wanted []int32) {
	keep := 0
	for _, f := range wanted {
		keep |= 1 << (f % groupSize)
	}
	for f := range p {
		if keep>>f&1 == 0 {
			p[f] = [256]int64{}
		}
	}
}
