package catalog

import (
	"context"
	"errors"
	"hash/crc32"

	"htapdb/rowstore"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// modelChunk is how many bytes of a model's state are in one row.
const modelChunk = 1 << 20

// Columns of the table of chunks.
const (
	colState = iota
	colChunk
	colBytes
)

// castagnoli is the polynomial of Model.StateSum.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errNoState is the cause of the error for a state that is not there.
var errNoState = errors.New("no state")

func newChunks() (*rowstore.Schema, error) {
	return rowstore.NewSchema(rowstore.TableDef{
		ID: chunksTable, Name: "catalog.model_chunks", Primary: []int{colState, colChunk}, PrimaryName: "model_chunks_pkey",
		Columns: []rowstore.Column{
			colState: {ID: 1, Name: "state", Type: types.TInt8},
			colChunk: {ID: 2, Name: "chunk", Type: types.TInt4},
			colBytes: {ID: 3, Name: "bytes", Type: types.TBytea},
		}})
}

// PutModel adds a model with its state, or with replace takes the place of the
// one with its name. It sets what the state decides, and in a replacement the
// identifier and version: others may have replaced or dropped the model since the
// caller looked. Whoever replaces waits for whoever does the same.
func (c *Store) PutModel(ctx context.Context, txn *rowstore.Txn, m *Model, state []byte, replace bool) error {
	var old *Model
	var err error
	if replace {
		if old, err = c.holdModel(ctx, txn, m.Schema, m.Name); err != nil {
			return err
		}
	}
	if m.StateID, err = c.NextID(ctx); err != nil {
		return err
	}
	m.Version, m.State, m.StateBytes, m.StateSum = 1, nil, int64(len(state)), crc32.Checksum(state, castagnoli)
	if old != nil {
		m.ID, m.Version = old.ID, old.Version+1
	} else if m.ID, err = c.NextID(ctx); err != nil {
		return err
	}
	if err := c.put(ctx, txn, models, m.Schema, m.Name, kindModel, m.ID, m, old != nil); err != nil {
		return err
	}
	for i := 0; len(state) > 0; i++ {
		part := state[:min(modelChunk, len(state))]
		row := []types.Datum{colState: types.NewInt64(int64(m.StateID)), colChunk: types.NewInt32(int32(i)), colBytes: types.NewString(string(part))}
		if _, err := txn.Insert(ctx, c.chunks, row); err != nil {
			return err
		}
		state = state[len(part):]
	}
	return c.removeState(ctx, txn, old)
}

// DropModel removes a model and its state.
func (c *Store) DropModel(ctx context.Context, txn *rowstore.Txn, m *Model) error {
	held, err := c.holdModel(ctx, txn, m.Schema, m.Name)
	if err != nil {
		return err
	}
	if err := c.remove(ctx, txn, models, m.Schema, m.Name); err != nil {
		return err
	}
	return c.removeState(ctx, txn, held)
}

// holdModel locks a model's name and returns the newest model that has it, nil for
// none.
func (c *Store) holdModel(ctx context.Context, txn *rowstore.Txn, schema, name string) (*Model, error) {
	key, err := c.key(models, schema, name)
	if err != nil {
		return nil, err
	}
	got, err := txn.Lock(ctx, c.objects, key, rowstore.LockUpdate, rowstore.Wait)
	if err != nil || !got.Found {
		return nil, err
	}
	return decode[Model](got.Row.Datum(colDefinition).Str(), name)
}

// removeState deletes the chunks of a model, of nil nothing.
func (c *Store) removeState(ctx context.Context, txn *rowstore.Txn, m *Model) error {
	if m == nil || m.StateID == 0 {
		return nil
	}
	for i := range m.chunks() {
		key, err := c.chunkKey(m, i)
		if err == nil {
			_, err = txn.Delete(ctx, c.chunks, key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// chunks is the number of rows that the state of a model has.
func (m *Model) chunks() int { return int((m.StateBytes + modelChunk - 1) / modelChunk) }

func (c *Store) chunkKey(m *Model, chunk int) (rowstore.Key, error) {
	return c.chunks.PrimaryKey(types.NewInt64(int64(m.StateID)), types.NewInt32(int32(chunk)))
}

// rowReader is what single rows are read from: a transaction or a snapshot.
type rowReader interface {
	Get(schema *rowstore.Schema, key rowstore.Key) (rowstore.Row, bool, error)
}

// ModelState reads the state of a model as PutModel was given it. rows has to see
// the catalog that m is from; a later view may not have the state any more, which
// is 40001 (see StateGone). XX001 is a state that is not the one that was written.
func (c *Store) ModelState(rows rowReader, m *Model) ([]byte, error) {
	if m.StateID == 0 {
		return m.State, nil // written before states were rows
	}
	var state []byte
	for i := range m.chunks() {
		key, err := c.chunkKey(m, i)
		if err != nil {
			return nil, err
		}
		row, found, err := rows.Get(c.chunks, key)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, sqlstate.Wrap(sqlstate.SerializationFailure, errNoState, "model %q was replaced or dropped while the statement was being planned", m.Name).
				WithHint("Run the statement again.")
		}
		state = append(state, row.Datum(colBytes).Str()...)
	}
	if int64(len(state)) != m.StateBytes || crc32.Checksum(state, castagnoli) != m.StateSum {
		return nil, sqlstate.New(sqlstate.DataCorrupted, "the state of model %q cannot be read: its %d bytes are not those that were written", m.Name, len(state)).
			WithHint("Train it again with CREATE OR REPLACE MODEL.")
	}
	return state, nil
}

// StateGone reports that ModelState has not found the state.
func StateGone(err error) bool { return errors.Is(err, errNoState) }

// SizeOfState is the length of the model's state in bytes.
func (m *Model) SizeOfState() int64 { return max(m.StateBytes, int64(len(m.State))) }
