package tpch

import (
	"fmt"
	"strings"
)

// Kind says which slice of a Vector holds a column's values.
type Kind uint8

// The kinds.
const (
	// KindInt is Vector.Ints: integers, and decimals as scaled integers.
	KindInt Kind = iota
	// KindDate is Vector.Dates: days since 1970-01-01.
	KindDate
	// KindString is Vector.Strings.
	KindString
)

// Column describes a column of a table.
type Column struct {
	// Name is the column's name, with the table's prefix: "l_orderkey".
	Name string
	// Type is the SQL type in lower case: "integer", "bigint", "numeric(15,2)", "date", "varchar(44)".
	Type string
	// Kind says where a batch holds the values.
	Kind Kind
	// Scale is the number of decimal digits in an integer of KindInt: 1234 at scale 2 is 12.34.
	Scale int

	// whole: dbgen prints this decimal without its fraction, which is always zero.
	whole bool
}

// Table describes one of the eight tables.
type Table struct {
	// Name is the table's name: "lineitem".
	Name string
	// Columns are in the specification's order.
	Columns []Column
	// PrimaryKey names the columns of the primary key, in key order.
	PrimaryKey []string

	// base is the number of driving rows at scale factor one: rows, or for partsupp parts and for
	// lineitem orders. fixed tables have base rows at every scale.
	base  int64
	fixed bool
	fill  func(*builder, job) error
}

func integer(name string) Column { return Column{Name: name, Type: "integer"} }
func bigint(name string) Column  { return Column{Name: name, Type: "bigint"} }
func date(name string) Column    { return Column{Name: name, Type: "date", Kind: KindDate} }

func money(name string) Column {
	return Column{Name: name, Type: "numeric(15,2)", Scale: 2}
}

func varchar(name string, length int) Column {
	return Column{Name: name, Type: fmt.Sprintf("varchar(%d)", length), Kind: KindString}
}

// quantity is money's type, but dbgen prints it as an integer.
func quantity(name string) Column {
	c := money(name)
	c.whole = true
	return c
}

var tables = []*Table{
	{
		Name:       "region",
		Columns:    []Column{integer("r_regionkey"), varchar("r_name", 25), varchar("r_comment", 152)},
		PrimaryKey: []string{"r_regionkey"},
		base:       5, fixed: true, fill: fillRegion,
	},
	{
		Name: "nation",
		Columns: []Column{
			integer("n_nationkey"), varchar("n_name", 25), integer("n_regionkey"),
			varchar("n_comment", 152),
		},
		PrimaryKey: []string{"n_nationkey"},
		base:       25, fixed: true, fill: fillNation,
	},
	{
		Name: "supplier",
		Columns: []Column{
			integer("s_suppkey"), varchar("s_name", 25), varchar("s_address", 40),
			integer("s_nationkey"), varchar("s_phone", 15), money("s_acctbal"),
			varchar("s_comment", 101),
		},
		PrimaryKey: []string{"s_suppkey"},
		base:       suppliersPerScale, fill: fillSupplier,
	},
	{
		Name: "customer",
		Columns: []Column{
			integer("c_custkey"), varchar("c_name", 25), varchar("c_address", 40),
			integer("c_nationkey"), varchar("c_phone", 15), money("c_acctbal"),
			varchar("c_mktsegment", 10), varchar("c_comment", 117),
		},
		PrimaryKey: []string{"c_custkey"},
		base:       customersPerScale, fill: fillCustomer,
	},
	{
		Name: "part",
		Columns: []Column{
			integer("p_partkey"), varchar("p_name", 55), varchar("p_mfgr", 25),
			varchar("p_brand", 10), varchar("p_type", 25), integer("p_size"),
			varchar("p_container", 10), money("p_retailprice"), varchar("p_comment", 23),
		},
		PrimaryKey: []string{"p_partkey"},
		base:       partsPerScale, fill: fillPart,
	},
	{
		Name: "partsupp",
		Columns: []Column{
			integer("ps_partkey"), integer("ps_suppkey"), integer("ps_availqty"),
			money("ps_supplycost"), varchar("ps_comment", 199),
		},
		PrimaryKey: []string{"ps_partkey", "ps_suppkey"},
		base:       partsPerScale, fill: fillPartsupp,
	},
	{
		Name: "orders",
		Columns: []Column{
			bigint("o_orderkey"), integer("o_custkey"), varchar("o_orderstatus", 1),
			money("o_totalprice"), date("o_orderdate"), varchar("o_orderpriority", 15),
			varchar("o_clerk", 15), integer("o_shippriority"), varchar("o_comment", 79),
		},
		PrimaryKey: []string{"o_orderkey"},
		base:       ordersPerScale, fill: fillOrders,
	},
	{
		Name: "lineitem",
		Columns: []Column{
			bigint("l_orderkey"), integer("l_partkey"), integer("l_suppkey"),
			integer("l_linenumber"), quantity("l_quantity"), money("l_extendedprice"),
			money("l_discount"), money("l_tax"), varchar("l_returnflag", 1),
			varchar("l_linestatus", 1), date("l_shipdate"), date("l_commitdate"),
			date("l_receiptdate"), varchar("l_shipinstruct", 25), varchar("l_shipmode", 10),
			varchar("l_comment", 44),
		},
		PrimaryKey: []string{"l_orderkey", "l_linenumber"},
		base:       ordersPerScale, fill: fillLineitem,
	},
}

// Tables returns the eight tables, those that others refer to first. The tables are shared: read only.
func Tables() []*Table { return append([]*Table(nil), tables...) }

// FindTable returns the table of that name (lower case), or an error that names it.
func FindTable(name string) (*Table, error) {
	for _, t := range tables {
		if t.Name == name {
			return t, nil
		}
	}
	return nil, fmt.Errorf("tpch: there is no table %q", name)
}

// DDL returns the CREATE TABLE statement of the table, with its primary key and without foreign keys.
// The specification's fixed-length texts are VARCHAR: they are compared unpadded either way.
func (t *Table) DDL() string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (\n", t.Name)
	for _, c := range t.Columns {
		fmt.Fprintf(&b, "    %s %s NOT NULL,\n", c.Name, strings.ToUpper(c.Type))
	}
	fmt.Fprintf(&b, "    PRIMARY KEY (%s)\n)", strings.Join(t.PrimaryKey, ", "))
	return b.String()
}

// DDL returns the CREATE TABLE statements of all tables, in the order of Tables.
func DDL() []string {
	ddl := make([]string, len(tables))
	for i, t := range tables {
		ddl[i] = t.DDL()
	}
	return ddl
}
