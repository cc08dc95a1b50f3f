package bindtest

import (
	"htapdb/sql/plan"
	"htapdb/sql/types"
)

// tpchDDL creates the eight tables.
const tpchDDL = `
create table region (r_regionkey integer primary key, r_name varchar(25) not null, r_comment varchar(152));
create table nation (n_nationkey integer primary key, n_name varchar(25) not null, n_regionkey integer not null, n_comment varchar(152));
create table part (p_partkey integer primary key, p_name varchar(55) not null, p_mfgr varchar(25) not null, p_brand varchar(10) not null,
  p_type varchar(25) not null, p_size integer not null, p_container varchar(10) not null, p_retailprice numeric(15,2) not null, p_comment varchar(23) not null);
create table supplier (s_suppkey integer primary key, s_name varchar(25) not null, s_address varchar(40) not null, s_nationkey integer not null,
  s_phone varchar(15) not null, s_acctbal numeric(15,2) not null, s_comment varchar(101) not null);
create table partsupp (ps_partkey integer not null, ps_suppkey integer not null, ps_availqty integer not null, ps_supplycost numeric(15,2) not null,
  ps_comment varchar(199) not null, primary key (ps_partkey, ps_suppkey));
create table customer (c_custkey integer primary key, c_name varchar(25) not null, c_address varchar(40) not null, c_nationkey integer not null,
  c_phone varchar(15) not null, c_acctbal numeric(15,2) not null, c_mktsegment varchar(10) not null, c_comment varchar(117) not null);
create table orders (o_orderkey bigint primary key, o_custkey integer not null, o_orderstatus varchar(1) not null, o_totalprice numeric(15,2) not null,
  o_orderdate date not null, o_orderpriority varchar(15) not null, o_clerk varchar(15) not null, o_shippriority integer not null, o_comment varchar(79) not null);
create table lineitem (l_orderkey bigint not null, l_partkey integer not null, l_suppkey integer not null, l_linenumber integer not null,
  l_quantity numeric(15,2) not null, l_extendedprice numeric(15,2) not null, l_discount numeric(15,2) not null, l_tax numeric(15,2) not null,
  l_returnflag varchar(1) not null, l_linestatus varchar(1) not null, l_shipdate date not null, l_commitdate date not null, l_receiptdate date not null,
  l_shipinstruct varchar(25) not null, l_shipmode varchar(10) not null, l_comment varchar(44) not null, primary key (l_orderkey, l_linenumber));
`

// tpchRows are the sizes at scale factor 0.01.
var tpchRows = map[string]float64{
	"region": 5, "nation": 25, "part": 2000, "supplier": 100, "partsupp": 8000,
	"customer": 1500, "orders": 15000, "lineitem": 60175,
}

// tpchDistinct are numbers of distinct values at scale factor 0.01.
var tpchDistinct = map[string]float64{
	"r_regionkey": 5, "r_name": 5, "n_nationkey": 25, "n_name": 25, "n_regionkey": 5,
	"p_partkey": 2000, "p_name": 2000, "p_mfgr": 5, "p_brand": 25, "p_type": 150, "p_size": 50, "p_container": 40,
	"s_suppkey": 100, "s_name": 100, "s_nationkey": 25, "ps_partkey": 2000, "ps_suppkey": 100, "ps_availqty": 5500, "ps_supplycost": 7700,
	"c_custkey": 1500, "c_nationkey": 25, "c_mktsegment": 5, "c_phone": 1500,
	"o_orderkey": 15000, "o_custkey": 1000, "o_orderstatus": 3, "o_orderdate": 2406, "o_orderpriority": 5, "o_shippriority": 1,
	"l_orderkey": 15000, "l_partkey": 2000, "l_suppkey": 100, "l_linenumber": 7, "l_quantity": 50, "l_discount": 11, "l_tax": 9,
	"l_returnflag": 3, "l_linestatus": 2, "l_shipdate": 2526, "l_commitdate": 2466, "l_receiptdate": 2554, "l_shipinstruct": 4, "l_shipmode": 7,
}

// tpchRanges are minimum and maximum of integers, scaled decimals and days since 1970.
var tpchRanges = map[string][2]int64{
	"l_shipdate": {8037, 10560}, "l_commitdate": {8066, 10529}, "l_receiptdate": {8040, 10589}, "o_orderdate": {8036, 10440},
	"l_quantity": {100, 5000}, "l_discount": {0, 10}, "p_size": {1, 50}, "ps_availqty": {1, 9999},
	"l_orderkey": {1, 60000}, "o_orderkey": {1, 60000}, "c_custkey": {1, 1500}, "o_custkey": {1, 1499},
	"p_partkey": {1, 2000}, "l_partkey": {1, 2000}, "ps_partkey": {1, 2000}, "s_suppkey": {1, 100},
}

// TPCH returns a catalog with the TPC-H tables and the statistics of scale
// factor 0.01, and some small tables for everything else:
//
//	t(a integer primary key, b integer, c text, d numeric(10,2), e date)
//	u(a integer, x bigint not null, y varchar(20), primary key (x), unique (y))
//	w(k1 integer, k2 text, v double precision, primary key (k1, k2)) with an index on v
//	serial(id identity primary key, name text not null default 'none', n integer check (n > 0))
func TPCH() (*Catalog, error) {
	c, err := New(tpchDDL + `
create table t (a integer primary key, b integer, c text, d numeric(10,2), e date);
create table u (a integer, x bigint primary key, y varchar(20), unique (y));
create table w (k1 integer, k2 text, v double precision, primary key (k1, k2));
create index w_v on w (v);
create table serial (id integer generated always as identity primary key, name text not null default 'none', n integer check (n > 0));
create view tv as select a, b + 1 as b1 from t where b > 0;`)
	if err != nil {
		return nil, err
	}
	for name, rows := range tpchRows {
		t, s := c.tables[name], &Stats{Rows: rows, Columns: map[int]plan.ColumnStats{}}
		for i, col := range t.Columns {
			cs := plan.ColumnStats{Distinct: tpchDistinct[col.Name]}
			if r, ok := tpchRanges[col.Name]; ok {
				cs.Min, cs.Max = datum(col.Type, r[0]), datum(col.Type, r[1])
			}
			s.Columns[i] = cs
		}
		t.Stats = s
	}
	c.SetFile("trips.parquet", []plan.Column{{Name: "id", Type: types.TInt8}, {Name: "fare", Type: types.TFloat8}, {Name: "city", Type: types.TText}})
	c.SetModel("m", Model{{Name: "b", Type: types.TFloat8}, {Name: "c", Type: types.TText}})
	return c, nil
}

func datum(t types.Type, v int64) types.Datum {
	return types.NewInt(t.Physical(), v)
}
