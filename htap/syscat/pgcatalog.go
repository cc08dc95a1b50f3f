package syscat

import (
	"hash/fnv"
	"strings"

	"htapdb/htap/catalog"
	"htapdb/sql/plan"
	"htapdb/sql/types"
)

// The relations of pg_catalog are data: a line of columns each, and for those
// that are not empty a function that makes the rows. Clients read them with SQL of
// their own, which the engine runs like any other.

// Identifiers of the objects that PostgreSQL has from the beginning.
const (
	oidPgCatalog  = 11
	oidPublic     = 2200
	oidInfoSchema = 13000
	oidRole       = 10
	oidDatabase   = 16383
	oidTablespace = 1663
	oidHeap       = 2
	oidBtree      = 403
	oidCollation  = 100
)

// Bases of the identifiers of what the catalog has no identifier for. The user's
// objects count up from catalog.FirstUserID and stay below.
const (
	baseSchema     = 0xc0000000 + iota<<24 // by name
	basePrimary                            // indexes of primary keys, by table
	baseConstraint                         // constraints of indexes, by index
	baseCheck                              // by table and name
	baseDefault                            // by table and column
	baseRowType                            // row types, by relation
)

// derived is an identifier within a range of 24 bits, for a key.
func derived(base int64, parts ...string) int64 {
	h := fnv.New32a()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return base + int64(h.Sum32()&0xffffff)
}

// schemaOID is the identifier of a schema.
func schemaOID(name string) int64 {
	switch name {
	case "pg_catalog":
		return oidPgCatalog
	case "information_schema":
		return oidInfoSchema
	case catalog.DefaultSchema:
		return oidPublic
	}
	return derived(baseSchema, name)
}

// primaryOID is the identifier of the index of a table's primary key, within 24 bits.
func primaryOID(t *catalog.Table) int64 { return basePrimary + int64(t.ID&0xffffff) }

// constraintOID is the identifier of the constraint that an index keeps.
func constraintOID(index int64) int64 { return baseConstraint + index&0xffffff }

// columnTypes are the types in the column lists of system relations. Identifiers
// are BIGINT, names TEXT, arrays TEXT in the form of PostgreSQL's arrays.
var columnTypes = map[string]types.Type{
	"oid": types.TInt8, "int8": types.TInt8, "int4": types.TInt4, "int2": types.TInt2, "float4": types.TFloat4,
	"bool": types.TBool, "name": types.TText, "text": types.TText, "char": types.TText, "array": types.TText,
	"time": types.TTimestampTZ,
}

// systemTable makes a relation of pg_catalog or information_schema from its
// columns, "name:type …"; a "?" behind the type says that a row that does not
// give a value has NULL instead of a zero.
func systemTable(schema, name, columns string, rows func(x *reader, add rowAdder)) relation {
	fields := strings.Fields(columns)
	v := relation{schema: schema, name: name, columns: make([]plan.TableColumn, len(fields))}
	zero := make([]types.Datum, len(fields))
	index := make(map[string]int, len(fields))
	for i, f := range fields {
		column, kind, _ := strings.Cut(f, ":")
		kind, nullable := strings.CutSuffix(kind, "?")
		t, ok := columnTypes[kind]
		if !ok {
			panic("column type " + kind + " of " + name)
		}
		v.columns[i] = vcol(column, t)
		index[column] = i
		if !nullable {
			zero[i] = zeroDatum(t)
		}
	}
	v.rows = func(x *reader) (out [][]types.Datum) {
		if rows != nil {
			rows(x, func(values ...any) {
				row := append([]types.Datum(nil), zero...)
				for i := 0; i < len(values); i += 2 {
					at, ok := index[values[i].(string)]
					if !ok {
						panic(name + " has no column " + values[i].(string))
					}
					row[at] = datumOf(values[i+1], v.columns[at].Type)
				}
				out = append(out, row)
			})
		}
		return out
	}
	return v
}

// rowAdder adds a row, given as names and values of columns in turn.
type rowAdder func(values ...any)

func zeroDatum(t types.Type) types.Datum {
	switch t.Physical() {
	case types.PhysString:
		return types.NewString("")
	case types.PhysBool:
		return types.NewBool(false)
	case types.PhysFloat32:
		return types.NewFloat32(0)
	}
	return types.NewInt(t.Physical(), 0)
}

// datumOf converts the Go values that row functions use.
func datumOf(v any, t types.Type) types.Datum {
	switch v := v.(type) {
	case nil:
		return types.NullDatum
	case string:
		return types.NewString(v)
	case bool:
		return types.NewBool(v)
	case float32:
		return types.NewFloat32(v)
	case int:
		return types.NewInt(t.Physical(), int64(v))
	case int64:
		return types.NewInt(t.Physical(), v)
	case uint32:
		return types.NewInt(t.Physical(), int64(v))
	}
	panic("value of a system relation")
}

// pgRelations are the relations of pg_catalog.
func pgRelations() []relation {
	pg := func(name, columns string, rows func(*reader, rowAdder)) relation {
		return systemTable("pg_catalog", name, columns, rows)
	}
	return append([]relation{
		pg("pg_namespace", `oid:oid nspname:name nspowner:oid nspacl:array?`, namespaceRows),
		pg("pg_class", `oid:oid relname:name relnamespace:oid reltype:oid reloftype:oid relowner:oid relam:oid relfilenode:oid
			reltablespace:oid relpages:int4 reltuples:float4 relallvisible:int4 reltoastrelid:oid relhasindex:bool relisshared:bool
			relpersistence:char relkind:char relnatts:int2 relchecks:int2 relhasrules:bool relhastriggers:bool relhassubclass:bool
			relrowsecurity:bool relforcerowsecurity:bool relispopulated:bool relreplident:char relispartition:bool relrewrite:oid
			relfrozenxid:oid relminmxid:oid relacl:array? reloptions:array? relpartbound:text?`, classRows),
		pg("pg_attribute", `attrelid:oid attname:name atttypid:oid attstattarget:int4 attlen:int2 attnum:int2 attndims:int4
			attcacheoff:int4 atttypmod:int4 attbyval:bool attalign:char attstorage:char attcompression:char attnotnull:bool
			atthasdef:bool atthasmissing:bool attidentity:char attgenerated:char attisdropped:bool attislocal:bool
			attinhcount:int4 attcollation:oid attacl:array? attoptions:array? attfdwoptions:array? attmissingval:array?`, attributeRows),
		pg("pg_attrdef", `oid:oid adrelid:oid adnum:int2 adbin:text`, defaultRows),
		pg("pg_type", `oid:oid typname:name typnamespace:oid typowner:oid typlen:int2 typbyval:bool typtype:char typcategory:char
			typispreferred:bool typisdefined:bool typdelim:char typrelid:oid typsubscript:text typelem:oid typarray:oid typinput:text
			typoutput:text typreceive:text typsend:text typmodin:text typmodout:text typanalyze:text typalign:char typstorage:char
			typnotnull:bool typbasetype:oid typtypmod:int4 typndims:int4 typcollation:oid typdefaultbin:text? typdefault:text? typacl:array?`, typeRows),
		pg("pg_index", `indexrelid:oid indrelid:oid indnatts:int2 indnkeyatts:int2 indisunique:bool indnullsnotdistinct:bool
			indisprimary:bool indisexclusion:bool indimmediate:bool indisclustered:bool indisvalid:bool indcheckxmin:bool
			indisready:bool indislive:bool indisreplident:bool indkey:array indcollation:array indclass:array indoption:array
			indexprs:text? indpred:text?`, pgIndexRows),
		pg("pg_constraint", `oid:oid conname:name connamespace:oid contype:char condeferrable:bool condeferred:bool convalidated:bool
			conrelid:oid contypid:oid conindid:oid conparentid:oid confrelid:oid confupdtype:char confdeltype:char confmatchtype:char
			conislocal:bool coninhcount:int4 connoinherit:bool conkey:array? confkey:array? conpfeqop:array? conppeqop:array?
			conffeqop:array? confdelsetcols:array? conexclop:array? conbin:text?`, constraintRows),
		pg("pg_description", `objoid:oid classoid:oid objsubid:int4 description:text`, descriptionRows),
		pg("pg_sequence", `seqrelid:oid seqtypid:oid seqstart:int8 seqincrement:int8 seqmax:int8 seqmin:int8 seqcache:int8 seqcycle:bool`, sequenceRows),
		pg("pg_tables", `schemaname:name tablename:name tableowner:name tablespace:name? hasindexes:bool hasrules:bool hastriggers:bool
			rowsecurity:bool`, pgTableRows),
		pg("pg_views", `schemaname:name viewname:name viewowner:name definition:text`, pgViewRows),
		pg("pg_indexes", `schemaname:name tablename:name indexname:name tablespace:name? indexdef:text`, indexRows),
		pg("pg_sequences", `schemaname:name sequencename:name sequenceowner:name data_type:text start_value:int8 min_value:int8
			max_value:int8 increment_by:int8 cycle:bool cache_size:int8 last_value:int8?`, pgSequenceRows),
		pg("pg_settings", settingColumns, settingRows),
		pg("pg_stat_activity", `datid:oid? datname:name? pid:int4 leader_pid:int4? usesysid:oid? usename:name? application_name:text?
			client_addr:text? client_hostname:text? client_port:int4? backend_start:time? xact_start:time? query_start:time?
			state_change:time? wait_event_type:text? wait_event:text? state:text? backend_xid:int8? backend_xmin:int8? query_id:int8?
			query:text? backend_type:text?`, activityRows),
		pg("pg_stat_gssapi", `pid:int4 gss_authenticated:bool principal:text? encrypted:bool`, gssRows),
		pg("pg_stat_user_tables", `relid:oid schemaname:name relname:name seq_scan:int8 seq_tup_read:int8 idx_scan:int8 idx_tup_fetch:int8
			n_tup_ins:int8 n_tup_upd:int8 n_tup_del:int8 n_live_tup:int8 n_dead_tup:int8 last_vacuum:time? last_autovacuum:time?
			last_analyze:time? last_autoanalyze:time?`, statTableRows),
		pg("pg_cursors", `name:text statement:text is_holdable:bool is_binary:bool is_scrollable:bool`, cursorRows),
		pg("pg_prepared_statements", `name:text statement:text prepare_time:time parameter_types:array from_sql:bool generic_plans:int8 custom_plans:int8`, preparedRows),
	}, append(pgFixedRelations(pg), pgEmptyRelations(pg)...)...)
}

// settingColumns are those of pg_settings.
const settingColumns = `name:text setting:text unit:text? category:text short_desc:text extra_desc:text? context:text vartype:text
	source:text min_val:text? max_val:text? enumvals:array? boot_val:text? reset_val:text? sourcefile:text? sourceline:int4?
	pending_restart:bool`
