package flight

import (
	"runtime/debug"

	"htapdb/htap"

	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
)

// Values of Flight SQL's enumerations that its Go package does not name.
const (
	ddlNone, ddlAll                = int32(0), int32(0b111) // create, drop, alter
	groupByUnrelated               = int32(0b1)
	groupByBeyondSelect            = int32(0b10)
	grammarMinimum, grammarCore    = int32(0b1), int32(0b10)
	ansi92Entry                    = int32(0b1)
	outerJoinsFull                 = int32(0b10)
	schemaEverywhere               = int32(0b1111)
	subqueriesAll                  = int32(0b1111) // comparisons, exists, ins, quantifieds
	unionsAll                      = int32(0b11)
	isolationReadCommitted         = int32(2)
	isolationCommittedAndRepeat    = int32(1<<2 | 1<<3)
	resultSetsForward              = int32(0b10)
	concurrencyNone, concurrencyRO = int32(0), int32(0b10)
)

// registerInfo registers every id that drivers read: a missing one is an error
// in some of them.
func (v *service) registerInfo() {
	for id, value := range sqlInfo(v.opt) {
		if err := v.RegisterSqlInfo(id, value); err != nil {
			panic(err) // a wrong type in the table below
		}
	}
}

// arrowVersion is the version of the Arrow module in the build.
func arrowVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/apache/arrow-go/v18" {
				return m.Version
			}
		}
	}
	return "18"
}

// sqlInfo is the answer to GetSqlInfo.
func sqlInfo(o Options) map[flightsql.SqlInfo]any {
	m := map[flightsql.SqlInfo]any{
		flightsql.SqlInfoFlightSqlServerName:                        "htapdb",
		flightsql.SqlInfoFlightSqlServerVersion:                     htap.Version,
		flightsql.SqlInfoFlightSqlServerArrowVersion:                arrowVersion(),
		flightsql.SqlInfoFlightSqlServerReadOnly:                    false,
		flightsql.SqlInfoFlightSqlServerSql:                         true,
		flightsql.SqlInfoFlightSqlServerSubstrait:                   false,
		flightsql.SqlInfoFlightSqlServerSubstraitMinVersion:         "",
		flightsql.SqlInfoFlightSqlServerSubstraitMaxVersion:         "",
		flightsql.SqlInfoFlightSqlServerTransaction:                 int32(flightsql.SqlTransactionSavepoint),
		flightsql.SqlInfoFlightSqlServerCancel:                      true,
		flightsql.SqlInfoFlightSqlServerBulkIngestion:               true,
		flightsql.SqlInfoFlightSqlServerIngestTransactionsSupported: true,
		flightsql.SqlInfoFlightSqlServerStatementTimeout:            int32(0),
		flightsql.SqlInfoFlightSqlServerTransactionTimeout:          int32(o.IdleTransactionTTL.Milliseconds()),

		flightsql.SqlInfoDDLCatalog:                                          ddlNone != 0,
		flightsql.SqlInfoDDLSchema:                                           true,
		flightsql.SqlInfoDDLTable:                                            true,
		flightsql.SqlInfoIdentifierCase:                                      int64(flightsql.SqlCaseSensitivityLowerCase),
		flightsql.SqlInfoIdentifierQuoteChar:                                 `"`,
		flightsql.SqlInfoQuotedIdentifierCase:                                int64(flightsql.SqlCaseSensitivityUnknown),
		flightsql.SqlInfoAllTablesAreASelectable:                             true,
		flightsql.SqlInfoNullOrdering:                                        int64(flightsql.SqlNullOrderingSortHigh),
		flightsql.SqlInfoKeywords:                                            keywords,
		flightsql.SqlInfoNumericFunctions:                                    numericFunctions,
		flightsql.SqlInfoStringFunctions:                                     stringFunctions,
		flightsql.SqlInfoSystemFunctions:                                     []string{"coalesce", "nullif"},
		flightsql.SqlInfoDateTimeFunctions:                                   dateFunctions,
		flightsql.SqlInfoSearchStringEscape:                                  `\`,
		flightsql.SqlInfoExtraNameChars:                                      "$",
		flightsql.SqlInfoSupportsColumnAliasing:                              true,
		flightsql.SqlInfoNullPlusNullIsNull:                                  true,
		flightsql.SqlInfoSupportsConvert:                                     map[int32][]int32{},
		flightsql.SqlInfoSupportsTableCorrelationNames:                       true,
		flightsql.SqlInfoSupportsDifferentTableCorrelationNames:              false,
		flightsql.SqlInfoSupportsExpressionsInOrderBy:                        true,
		flightsql.SqlInfoSupportsOrderByUnrelated:                            true,
		flightsql.SqlInfoSupportedGroupBy:                                    groupByUnrelated | groupByBeyondSelect,
		flightsql.SqlInfoSupportsLikeEscapeClause:                            true,
		flightsql.SqlInfoSupportsNonNullableColumns:                          true,
		flightsql.SqlInfoSupportedGrammar:                                    grammarMinimum | grammarCore,
		flightsql.SqlInfoANSI92SupportedLevel:                                ansi92Entry,
		flightsql.SqlInfoSupportsIntegrityEnhancementFacility:                true,
		flightsql.SqlInfoOuterJoinsSupportLevel:                              outerJoinsFull,
		flightsql.SqlInfoSchemaTerm:                                          "schema",
		flightsql.SqlInfoProcedureTerm:                                       "procedure",
		flightsql.SqlInfoCatalogTerm:                                         "database",
		flightsql.SqlInfoCatalogAtStart:                                      true,
		flightsql.SqlInfoSchemasSupportedActions:                             schemaEverywhere,
		flightsql.SqlInfoCatalogsSupportedActions:                            int32(0),
		flightsql.SqlInfoSupportedPositionedCommands:                         int32(0),
		flightsql.SqlInfoSelectForUpdateSupported:                            true,
		flightsql.SqlInfoStoredProceduresSupported:                           false,
		flightsql.SqlInfoSupportedSubqueries:                                 subqueriesAll,
		flightsql.SqlInfoCorrelatedSubqueriesSupported:                       true,
		flightsql.SqlInfoSupportedUnions:                                     unionsAll,
		flightsql.SqlInfoDefaultTransactionIsolation:                         isolationReadCommitted,
		flightsql.SqlInfoTransactionsSupported:                               true,
		flightsql.SqlInfoSupportedTransactionsIsolationlevels:                isolationCommittedAndRepeat,
		flightsql.SqlInfoDataDefinitionCausesTransactionCommit:               false,
		flightsql.SqlInfoDataDefinitionsInTransactionsIgnored:                false,
		flightsql.SqlInfoSupportedResultSetTypes:                             resultSetsForward,
		flightsql.SqlInfoSupportedConcurrenciesForResultSetUnspecified:       concurrencyNone,
		flightsql.SqlInfoSupportedConcurrenciesForResultSetForwardOnly:       concurrencyRO,
		flightsql.SqlInfoSupportedConcurrenciesForResultSetScrollSensitive:   concurrencyNone,
		flightsql.SqlInfoSupportedConcurrenciesForResultSetScrollInsensitive: concurrencyNone,
		flightsql.SqlInfoBatchUpdatesSupported:                               true,
		flightsql.SqlInfoSavePointsSupported:                                 true,
		flightsql.SqlInfoNamedParametersSupported:                            false,
		flightsql.SqlInfoLocatorsUpdateCopy:                                  false,
		flightsql.SqlInfoStoredFunctionsUsingCallSyntaxSupported:             false,
	}
	for id, value := range limits {
		m[id] = value
	}
	return m
}

// limits of SQL; 0 is 'none' or 'unknown'.
var limits = map[flightsql.SqlInfo]int64{
	flightsql.SqlInfoMaxBinaryLiteralLen:     0,
	flightsql.SqlInfoMaxCharLiteralLen:       0,
	flightsql.SqlInfoMaxColumnNameLen:        63,
	flightsql.SqlInfoMaxColumnsInGroupBy:     0,
	flightsql.SqlInfoMaxColumnsInIndex:       0,
	flightsql.SqlInfoMaxColumnsInOrderBy:     0,
	flightsql.SqlInfoMaxColumnsInSelect:      0,
	flightsql.SqlInfoMaxColumnsInTable:       0,
	flightsql.SqlInfoMaxConnections:          0,
	flightsql.SqlInfoMaxCursorNameLen:        63,
	flightsql.SqlInfoMaxIndexLen:             0,
	flightsql.SqlInfoDBSchemaNameLen:         63,
	flightsql.SqlInfoMaxProcedureNameLen:     63,
	flightsql.SqlInfoMaxCatalogNameLen:       63,
	flightsql.SqlInfoMaxRowSize:              0,
	flightsql.SqlInfoMaxRowSizeIncludesBlobs: 0,
	flightsql.SqlInfoMaxStatementLen:         0,
	flightsql.SqlInfoMaxStatements:           0,
	flightsql.SqlInfoMaxTableNameLen:         63,
	flightsql.SqlInfoMaxTablesInSelect:       0,
	flightsql.SqlInfoMaxUsernameLen:          63,
}

// Function names that JDBC bridges offer as escapes, and keywords beyond SQL's.
var (
	keywords         = []string{"model", "predict", "using", "maintain"}
	numericFunctions = []string{"abs", "ceil", "exp", "floor", "ln", "mod", "power", "round", "sign", "sqrt", "trunc"}
	stringFunctions  = []string{"concat", "length", "lower", "ltrim", "position", "replace", "rtrim", "substring", "trim", "upper"}
	dateFunctions    = []string{"current_date", "current_timestamp", "date_part", "date_trunc", "extract", "now"}
)
