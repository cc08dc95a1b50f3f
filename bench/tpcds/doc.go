// Package tpcds holds the 99 queries of the TPC-DS benchmark, with the
// parameters of its qualification database, and how their answers are compared.
//
// The data is not here and is not made here: a generator of the project's own
// would make the distributions that its author has in mind. A folder of Parquet
// files, one a table, comes from the benchmark's own generator, for instance
//
//	pip install tpcgen-cli
//	tpcgen-cli tpcds parquet -s 0.1 --output-dir tpcds
//
// The tables have no keys and no indexes, and the column types of the files.
//
// Main types: Query, Answer. Not here: the engines that run the queries; the
// benchmark of the package bench has them.
package tpcds
