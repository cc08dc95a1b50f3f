package htap_test

import (
	"context"
	"fmt"
	"log"

	"htapdb/htap"
)

// The body of readme is the README's example; a test of cmd/htap compares them.
func readme(ctx context.Context) error {
	db, err := htap.Open("") // in memory; give a directory to keep it
	if err != nil {
		return err
	}
	defer db.Close()
	s := db.Session(ctx)
	if _, err := s.Exec(ctx, "CREATE TABLE t (id BIGINT PRIMARY KEY, v TEXT)"); err != nil {
		return err
	}
	if _, err := s.Exec(ctx, "INSERT INTO t VALUES ($1, $2)", 7, "seven"); err != nil {
		return err
	}
	rows, err := s.Query(ctx, "SELECT v FROM t WHERE id = $1", 7)
	if err != nil {
		return err
	}
	for rows.Next() {
		fmt.Println(rows.Datum(0).Str()) // seven
	}
	if err := rows.Close(); err != nil {
		return err
	}
	batches, err := s.QueryArrow(ctx, "SELECT * FROM t") // an array.RecordReader
	if err != nil {
		return err
	}
	defer batches.Release()
	for batches.Next() {
		fmt.Println(batches.RecordBatch().Column(1)) // ["seven"]
	}
	return batches.Err()
}

func Example() {
	if err := readme(context.Background()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// seven
	// ["seven"]
}
