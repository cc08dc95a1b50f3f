package olap

import (
	"context"

	"htapdb/sql/sqlstate"
	"htapdb/vector"
)

type run struct{}
type stream struct{}

func newRun(ctx context.Context, ex *Exec) *run { return &run{} }

func (r *run) execute(root Node, emit func(*vector.Batch) error) error {
	_, err := root.compile(r)
	return err
}

func notYet(n Node) error {
	return sqlstate.New(sqlstate.FeatureNotSupported, "operator %s is not supported", n.Name())
}

func (n *Scan) compile(r *run) (*stream, error)           { return nil, notYet(n) }
func (n *Filter) compile(r *run) (*stream, error)         { return nil, notYet(n) }
func (n *Project) compile(r *run) (*stream, error)        { return nil, notYet(n) }
func (n *Values) compile(r *run) (*stream, error)         { return nil, notYet(n) }
func (n *HashAggregate) compile(r *run) (*stream, error)  { return nil, notYet(n) }
func (n *HashJoin) compile(r *run) (*stream, error)       { return nil, notYet(n) }
func (n *Sort) compile(r *run) (*stream, error)           { return nil, notYet(n) }
func (n *Limit) compile(r *run) (*stream, error)          { return nil, notYet(n) }
func (n *TopN) compile(r *run) (*stream, error)           { return nil, notYet(n) }
func (n *DistinctOn) compile(r *run) (*stream, error)     { return nil, notYet(n) }
func (n *UnionAll) compile(r *run) (*stream, error)       { return nil, notYet(n) }
func (n *SetOp) compile(r *run) (*stream, error)          { return nil, notYet(n) }
func (n *Materialize) compile(r *run) (*stream, error)    { return nil, notYet(n) }
func (n *Window) compile(r *run) (*stream, error)         { return nil, notYet(n) }
func (n *GenerateSeries) compile(r *run) (*stream, error) { return nil, notYet(n) }
