package types

import (
	"strings"
	"sync"
	"time"
)

// fixedAbbreviations are the abbreviations that mean one offset at all times, as
// PostgreSQL's default set has them, by the minutes east of Greenwich.
var fixedAbbreviations = map[int]string{
	-600: "HST TAHT",
	-570: "MART",
	-540: "AKST GAMT",
	-480: "AKDT PST",
	-420: "MST PDT",
	-360: "CST GALT MDT",
	-300: "ACT CDT COT EST PET",
	-240: "AMT AST BOT EDT",
	-210: "NFT NST",
	-180: "ADT BRA BRT CLST GFT PMST PYST UYT WGT",
	-150: "NDT",
	-120: "BRST FNT PMDT UYST WGST",
	-60:  "AZOT EGT FNST",
	0:    "AZOST EGST GMT UCT UT UTC WET Z ZULU",
	60:   "BST CET MET MEZ WAT WETDST",
	120:  "BDST CEST CETDST EET IST MEST MESZ METDST SAST",
	180:  "EAT EEST EETDST FET IDT",
	210:  "IRT",
	240:  "MSD MUT RET SCT",
	270:  "AFT",
	300:  "MUST MVT PKT TFT TJT UZT",
	345:  "NPT",
	360:  "ALMT BDT BTT KGST PKST UZST XJT YEKST",
	390:  "MMT",
	420:  "ALMST CXT ICT WAST",
	480:  "AWST BNT BORT CCT HKT MYT PHT WADT",
	525:  "ACWST",
	540:  "AWSST JAYT JST KST PWT ULAST WDT",
	570:  "ACST CAST",
	600:  "AEST CHUT DDUT KDT LIGT MPT PGT TRUT YAPT",
	630:  "ACDT ACSST CADT LHST SADT",
	660:  "AEDT AESST PONT VUT",
	720:  "FJT GILT MHT NZST NZT TVT WAKT WFT",
	765:  "CHAST",
	780:  "FJST NZDT TOT",
	825:  "CHADT",
}

// zoneAbbreviations are those that follow a zone's history: MSK was three hours
// until 2011 and is again since 2014, and four between.
var zoneAbbreviations = map[string]string{
	"America/Argentina/Buenos_Aires": "ARST ART",
	"America/Asuncion":               "PYT",
	"America/Caracas":                "VET",
	"America/Guyana":                 "GYT",
	"America/Santiago":               "CLT",
	"Antarctica/Davis":               "DAVT",
	"Antarctica/Mawson":              "MAWT",
	"Asia/Anadyr":                    "ANAST ANAT",
	"Asia/Ashgabat":                  "TMT",
	"Asia/Baku":                      "AZST AZT",
	"Asia/Bishkek":                   "KGT",
	"Asia/Colombo":                   "LKT",
	"Asia/Irkutsk":                   "IRKST IRKT",
	"Asia/Kamchatka":                 "PETST PETT",
	"Asia/Krasnoyarsk":               "KRAST KRAT",
	"Asia/Magadan":                   "MAGST MAGT",
	"Asia/Novosibirsk":               "NOVST NOVT",
	"Asia/Omsk":                      "OMSST OMST",
	"Asia/Singapore":                 "SGT",
	"Asia/Tbilisi":                   "GEST GET",
	"Asia/Ulaanbaatar":               "ULAT",
	"Asia/Vladivostok":               "VLAST VLAT",
	"Asia/Yakutsk":                   "YAKST YAKT",
	"Asia/Yekaterinburg":             "YEKT",
	"Asia/Yerevan":                   "AMST",
	"Atlantic/Stanley":               "FKST FKT",
	"Australia/Lord_Howe":            "LHDT",
	"Europe/Moscow":                  "MSK",
	"Europe/Volgograd":               "VOLT",
	"Indian/Chagos":                  "IOT",
	"Pacific/Easter":                 "EASST EAST",
	"Pacific/Fakaofo":                "TKT",
	"Pacific/Kiritimati":             "LINT",
	"Pacific/Kosrae":                 "KOST",
	"Pacific/Niue":                   "NUT",
	"Pacific/Rarotonga":              "CKT",
}

// abbreviation is what an abbreviation of a zone means: a fixed offset, or with
// a location what that zone called so at the time.
type abbreviation struct {
	offset int // seconds east
	loc    *time.Location
}

// abbreviations is the table of both lists by upper-case name.
var abbreviations = sync.OnceValue(func() map[string]abbreviation {
	m := map[string]abbreviation{}
	for minutes, names := range fixedAbbreviations {
		for _, name := range strings.Fields(names) {
			m[name] = abbreviation{offset: minutes * 60}
		}
	}
	for zone, names := range zoneAbbreviations {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			continue // a database of zones without it
		}
		for _, name := range strings.Fields(names) {
			m[name] = abbreviation{loc: loc}
		}
	}
	return m
})

// lookupAbbreviation finds an abbreviation in any case.
func lookupAbbreviation(name string) (abbreviation, bool) {
	if len(name) > 6 {
		return abbreviation{}, false
	}
	a, ok := abbreviations()[strings.ToUpper(name)]
	return a, ok
}

// maxTransitions bounds the search for when a zone used an abbreviation.
const maxTransitions = 400

// abbreviationOffset is the offset, in seconds east, that name stood for in loc
// at an instant: in the latest period of that name which began before, else in the first
// one after. ok is false if the zone never used the name.
func abbreviationOffset(loc *time.Location, name string, us int64) (offset int64, ok bool) {
	at := time.Unix(floorDiv(us, MicrosPerSecond), 0).In(loc)
	for t, n := at, 0; n < maxTransitions; n++ {
		if zone, off := t.Zone(); strings.EqualFold(zone, name) {
			return int64(off), true
		}
		start, _ := t.ZoneBounds()
		if start.IsZero() {
			break
		}
		t = start.Add(-time.Second)
	}
	for t, n := at, 0; n < maxTransitions; n++ {
		_, end := t.ZoneBounds()
		if end.IsZero() {
			break
		}
		if zone, off := end.Zone(); strings.EqualFold(zone, name) {
			return int64(off), true
		}
		t = end
	}
	return 0, false
}

// ZoneRef is a time zone as an expression names it: a location, or an
// abbreviation whose offset depends on the time.
type ZoneRef struct {
	loc    *time.Location
	abbrev string // with it, loc is the zone whose history decides
}

// Location is the zone without regard to an abbreviation's history.
func (z ZoneRef) Location() *time.Location { return z.loc }

// Instant turns a wall clock into an instant, µs since 1970.
func (z ZoneRef) Instant(local int64) int64 {
	us := InstantMicros(z.loc, local)
	if z.abbrev != "" {
		if offset, ok := abbreviationOffset(z.loc, z.abbrev, us); ok {
			return local - offset*MicrosPerSecond
		}
	}
	return us
}

// Local turns an instant into the wall clock.
func (z ZoneRef) Local(us int64) int64 {
	if z.abbrev != "" {
		if offset, ok := abbreviationOffset(z.loc, z.abbrev, us); ok {
			return us + offset*MicrosPerSecond
		}
	}
	return LocalMicros(z.loc, us)
}
