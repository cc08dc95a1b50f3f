package modeltest

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"strconv"
)

// irisCSV is Fisher's iris data (1936) as scikit-learn has it: two of its rows differ
// from the copy of the UCI repository.
//
//go:embed testdata/iris.csv
var irisCSV []byte

// Iris returns the 150 flowers: four lengths in cm, and the species as the target.
func Iris() *Data {
	records, err := csv.NewReader(bytes.NewReader(irisCSV)).ReadAll()
	if err != nil {
		panic(err) // it is a part of the program
	}
	d := &Data{Names: records[0][:4]}
	columns, species := make([][]float64, 4), []string(nil)
	for _, rec := range records[1:] {
		for i := range columns {
			x, err := strconv.ParseFloat(rec[i], 64)
			if err != nil {
				panic(err)
			}
			columns[i] = append(columns[i], x)
		}
		species = append(species, rec[4])
	}
	for _, c := range columns {
		d.Columns = append(d.Columns, Numbers(c))
	}
	d.Target = Texts(species)
	return d
}
