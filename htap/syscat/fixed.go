package syscat

// pgFixedRelations are relations whose rows are the same in every database.
func pgFixedRelations(pg func(name, columns string, rows func(*reader, rowAdder)) relation) []relation {
	const roleColumns = `oid:oid rolname:name rolsuper:bool rolinherit:bool rolcreaterole:bool rolcreatedb:bool rolcanlogin:bool
		rolreplication:bool rolconnlimit:int4 rolpassword:text? rolvaliduntil:time? rolbypassrls:bool rolconfig:array?`
	role := func(_ *reader, add rowAdder) {
		add("oid", oidRole, "rolname", "htap", "rolsuper", true, "rolinherit", true, "rolcreaterole", true, "rolcreatedb", true,
			"rolcanlogin", true, "rolconnlimit", -1, "rolbypassrls", true)
	}
	return []relation{
		pg("pg_roles", roleColumns, role),
		pg("pg_authid", roleColumns, role),
		pg("pg_user", `usename:name usesysid:oid usecreatedb:bool usesuper:bool userepl:bool usebypassrls:bool passwd:text?
			valuntil:time? useconfig:array?`, func(_ *reader, add rowAdder) {
			add("usename", "htap", "usesysid", oidRole, "usecreatedb", true, "usesuper", true, "usebypassrls", true)
		}),
		pg("pg_database", `oid:oid datname:name datdba:oid encoding:int4 datlocprovider:char datistemplate:bool datallowconn:bool
			datconnlimit:int4 datfrozenxid:oid datminmxid:oid dattablespace:oid datcollate:text datctype:text daticulocale:text?
			datcollversion:text? datacl:array?`, func(_ *reader, add rowAdder) {
			add("oid", oidDatabase, "datname", "htap", "datdba", oidRole, "encoding", 6, "datlocprovider", "c", "datallowconn", true,
				"datconnlimit", -1, "dattablespace", oidTablespace, "datcollate", "C", "datctype", "C.UTF-8")
		}),
		pg("pg_tablespace", `oid:oid spcname:name spcowner:oid spcacl:array? spcoptions:array?`, func(_ *reader, add rowAdder) {
			add("oid", oidTablespace, "spcname", "pg_default", "spcowner", oidRole)
		}),
		pg("pg_am", `oid:oid amname:name amhandler:text amtype:char`, func(_ *reader, add rowAdder) {
			add("oid", oidHeap, "amname", "heap", "amhandler", "heap_tableam_handler", "amtype", "t")
			add("oid", oidBtree, "amname", "btree", "amhandler", "bthandler", "amtype", "i")
		}),
		pg("pg_collation", `oid:oid collname:name collnamespace:oid collowner:oid collprovider:char collisdeterministic:bool
			collencoding:int4 collcollate:text? collctype:text? colliculocale:text? collversion:text?`, func(_ *reader, add rowAdder) {
			add("oid", oidCollation, "collname", "default", "collnamespace", oidPgCatalog, "collowner", oidRole, "collprovider", "d",
				"collisdeterministic", true, "collencoding", -1)
			add("oid", 950, "collname", "C", "collnamespace", oidPgCatalog, "collowner", oidRole, "collprovider", "c",
				"collisdeterministic", true, "collencoding", -1, "collcollate", "C", "collctype", "C")
			add("oid", 951, "collname", "POSIX", "collnamespace", oidPgCatalog, "collowner", oidRole, "collprovider", "c",
				"collisdeterministic", true, "collencoding", -1, "collcollate", "POSIX", "collctype", "POSIX")
		}),
	}
}

// pgEmptyRelations are relations of what the engine does not have: users'
// functions, triggers, policies, partitions, publications, foreign tables ….
func pgEmptyRelations(pg func(name, columns string, rows func(*reader, rowAdder)) relation) []relation {
	var out []relation
	for _, r := range [][2]string{
		{"pg_prepared_xacts", `transaction:int8 gid:text prepared:time owner:name database:name`},
		{"pg_available_extensions", `name:name default_version:text? installed_version:text? comment:text?`},
		{"pg_aggregate", `aggfnoid:text aggkind:char aggnumdirectargs:int2`},
		{"pg_cast", `oid:oid castsource:oid casttarget:oid castfunc:oid castcontext:char castmethod:char`},
		{"pg_db_role_setting", `setdatabase:oid setrole:oid setconfig:array?`},
		{"pg_operator", `oid:oid oprname:name oprnamespace:oid oprowner:oid oprkind:char oprcanmerge:bool oprcanhash:bool oprleft:oid
			oprright:oid oprresult:oid oprcom:oid oprnegate:oid oprcode:oid oprrest:oid oprjoin:oid`},
		{"pg_ts_config", `oid:oid cfgname:name cfgnamespace:oid cfgowner:oid cfgparser:oid`},
		{"pg_ts_dict", `oid:oid dictname:name dictnamespace:oid dictowner:oid dicttemplate:oid dictinitoption:text?`},
		{"pg_auth_members", `roleid:oid member:oid grantor:oid admin_option:bool`},
		{"pg_depend", `classid:oid objid:oid objsubid:int4 refclassid:oid refobjid:oid refobjsubid:int4 deptype:char`},
		{"pg_shdescription", `objoid:oid classoid:oid description:text`},
		{"pg_enum", `oid:oid enumtypid:oid enumsortorder:float4 enumlabel:name`},
		{"pg_event_trigger", `oid:oid evtname:name evtevent:name evtowner:oid evtfoid:oid evtenabled:char evttags:array?`},
		{"pg_extension", `oid:oid extname:name extowner:oid extnamespace:oid extrelocatable:bool extversion:text extconfig:array? extcondition:array?`},
		{"pg_foreign_data_wrapper", `oid:oid fdwname:name fdwowner:oid fdwhandler:oid fdwvalidator:oid fdwacl:array? fdwoptions:array?`},
		{"pg_foreign_server", `oid:oid srvname:name srvowner:oid srvfdw:oid srvtype:text? srvversion:text? srvacl:array? srvoptions:array?`},
		{"pg_foreign_table", `ftrelid:oid ftserver:oid ftoptions:array?`},
		{"pg_inherits", `inhrelid:oid inhparent:oid inhseqno:int4 inhdetachpending:bool`},
		{"pg_language", `oid:oid lanname:name lanowner:oid lanispl:bool lanpltrusted:bool lanplcallfoid:oid laninline:oid lanvalidator:oid lanacl:array?`},
		{"pg_matviews", `schemaname:name matviewname:name matviewowner:name tablespace:name? hasindexes:bool ispopulated:bool definition:text`},
		{"pg_opclass", `oid:oid opcmethod:oid opcname:name opcnamespace:oid opcowner:oid opcfamily:oid opcintype:oid opcdefault:bool opckeytype:oid`},
		{"pg_partitioned_table", `partrelid:oid partstrat:char partnatts:int2 partdefid:oid partattrs:array partclass:array partcollation:array partexprs:text?`},
		{"pg_policy", `oid:oid polname:name polrelid:oid polcmd:char polpermissive:bool polroles:array polqual:text? polwithcheck:text?`},
		{"pg_proc", `oid:oid proname:name pronamespace:oid proowner:oid prolang:oid procost:float4 prorows:float4 provariadic:oid
			prosupport:text prokind:char prosecdef:bool proleakproof:bool proisstrict:bool proretset:bool provolatile:char
			proparallel:char pronargs:int2 pronargdefaults:int2 prorettype:oid proargtypes:array proallargtypes:array? proargmodes:array?
			proargnames:array? proargdefaults:text? protrftypes:array? prosrc:text probin:text? prosqlbody:text? proconfig:array? proacl:array?`},
		{"pg_publication", `oid:oid pubname:name pubowner:oid puballtables:bool pubinsert:bool pubupdate:bool pubdelete:bool pubtruncate:bool pubviaroot:bool`},
		{"pg_publication_namespace", `oid:oid pnpubid:oid pnnspid:oid`},
		{"pg_publication_rel", `oid:oid prpubid:oid prrelid:oid prqual:text? prattrs:array?`},
		{"pg_range", `rngtypid:oid rngsubtype:oid rngmultitypid:oid rngcollation:oid rngsubopc:oid rngcanonical:text rngsubdiff:text`},
		{"pg_rewrite", `oid:oid rulename:name ev_class:oid ev_type:char ev_enabled:char is_instead:bool ev_qual:text ev_action:text`},
		{"pg_statistic_ext", `oid:oid stxrelid:oid stxname:name stxnamespace:oid stxowner:oid stxstattarget:int4 stxkeys:array stxkind:array stxexprs:text?`},
		{"pg_subscription", `oid:oid subdbid:oid subname:name subowner:oid subenabled:bool subconninfo:text subslotname:name subsynccommit:text subpublications:array`},
		{"pg_trigger", `oid:oid tgrelid:oid tgparentid:oid tgname:name tgfoid:oid tgtype:int2 tgenabled:char tgisinternal:bool tgconstrrelid:oid
			tgconstrindid:oid tgconstraint:oid tgdeferrable:bool tginitdeferred:bool tgnargs:int2 tgattr:array tgargs:text tgqual:text? tgoldtable:name? tgnewtable:name?`},
	} {
		out = append(out, pg(r[0], r[1], nil))
	}
	return out
}
