-- Queries whose optimized plans must give what the bound plan gives, row by row.
-- t(a pk, b, c, d, e), u(a, x pk, y), w(k1, k2, v). Sorted results are compared
-- as multisets; a LIMIT needs a total order over the columns it returns.

-- filters, projections, normalisation
select a, b from t where b > 1 and not (b = 3 or a < 2);
select a from t where not (b in (1, 2));
select a from t where b = 1 or b = 2 or b = 3;
select a from t where (a = 1 and b = 2) or (a = 1 and b = 3);
select a from t where not (a = 1 and b is null);
select a from t where b between 1 and 3 and c like 'a%';
select a + 1 as x, b * 2 as y from t where a + 1 > 2;
select x from (select a + 1 as x, b from t) s where x > 2 and b < 4;
select * from t where 1 = 0;
select * from t where null;
select count(*) from t where false;
select coalesce(b, 0), nullif(b, 2), case when b > 2 then 'x' when b is null then 'n' end from t;

-- joins
select t.a, u.x from t, u where t.b = u.a;
select t.a, u.x from t join u on t.b = u.a and t.a < u.x;
select t.a, u.x from t left join u on t.b = u.a;
select t.a, u.x from t left join u on t.b = u.a and u.x > 2;
select t.a, u.x from t left join u on t.b = u.a and t.a > 2;
select t.a, u.x from t left join u on t.b = u.a where u.x > 1;
select t.a, u.x from t left join u on t.b = u.a where u.x is null;
select t.a, u.x from t left join u on t.b = u.a where coalesce(u.x, 7) > 1;
select t.a, u.x from t right join u on t.b = u.a;
select t.a, u.x from t right join u on t.b = u.a where t.a > 1;
select t.a, u.x from t full join u on t.b = u.a;
select t.a, u.x from t full join u on t.b = u.a where t.a > 1;
select t.a, u.x from t full join u on t.b = u.a where t.a > 1 and u.x > 1;
select t.a, u.x from t full join u on t.b = u.a where t.a > 1 or u.x > 1;
select t.a, u.x from t cross join u where t.a = 2;
select t.a, u.x, w.v from t, u, w where t.b = u.a and u.a = w.k1;
select t.a, u.x, w.v from t, u, w where t.b = u.a and u.a = w.k1 and t.b = 2;
select t.a, u.x, w.v from t, u, w where t.b = u.a and t.a = u.a and u.y = w.k2;
select t.a, u.x, w.v from t, u, w where t.b = w.k1 and t.a = w.k1;
select t.a, u.x, w.v from t join u on t.b = u.a left join w on w.k1 = u.a where t.a < 4;
select t.a, u.x, w.v from (t left join u on t.b = u.a) join w on w.k1 = t.b;
select t1.a, t2.a from t t1, t t2 where t1.b = t2.b and t1.a < t2.a;
select t.a, u.x from t, u where (t.a = 1 and u.a = 2) or (t.a = 2 and u.a = 1);
select t.a, u.x from t, u where t.b = u.a and (t.c = 'a' and u.y = 'b' or t.c = 'b' and u.y = 'a');
select a, x, y from t join u using (a);
select * from t natural join u;
select a from t full join u using (a);
select a, x from t full join u using (a) where a > 2;
select a from t left join u using (a) where a > 1;
select t1.a, t2.a, t3.a, t4.a from t t1, t t2, t t3, t t4 where t1.b = t2.a and t2.b = t3.a and t3.b = t4.a;

-- aggregates
select count(*), count(b), sum(b), min(c), max(d), avg(b) from t;
select b, count(*), sum(d) from t group by b;
select b, count(*) from t group by b having count(*) > 1;
select b, count(*) from t group by b having b > 1;
select b + 1, count(*) from t group by b + 1 having b + 1 > 2;
select b, c, count(distinct d) from t group by 1, 2;
select count(*) filter (where b > 1), sum(a) filter (where c = 'a') from t;
select b, n from (select b, count(*) as n from t group by b) s where n > 1 and b < 3;
select distinct b, c from t;
select distinct b from t where a > 1;
select t.b, count(*), max(u.x) from t join u on t.b = u.a group by t.b;
select t.a, t.c, count(u.x) from t left join u on t.b = u.a group by t.a;
select sum(a) + sum(a), sum(a) * 2, count(*) + count(*) from t;
select b, sum(a), sum(a) + 1 from t group by b;
select b, c, count(*) from t group by rollup (b, c);
select b, c, count(*), grouping(b, c) from t group by cube (b, c);
select b, c, sum(a) from t group by grouping sets ((b), (c), ());
select b, c, sum(a), grouping(c) from t where a > 1 group by grouping sets ((b, c), (b)) having count(*) > 0;
select count(*) from (select 1 from t group by b) s;
select 1 from (select count(*) from t) s;
select b, count(*) from t group by all;

-- DISTINCT ON, ORDER BY, LIMIT
select distinct on (b) b, a from t order by b, a desc;
select distinct on (c) c, a from t order by c, a;
select a, b from t order by a limit 2;
select a, b from t order by b desc nulls last, a limit 2 offset 1;
select a from t order by a offset 2;
select a from (select a, b from t order by a limit 3) s where b > 1;
select a from t order by b, a limit 3;
select a from t order by a limit 0;
select a from (select a from t union all select a from t) s order by a limit 3;

-- set operations
select a from t union select a from u;
select a from t union all select a from u;
select a from t intersect select a from u;
select a from t except select a from u;
select b from t intersect all select a from u;
select b from t except all select a from u;
select b, c from t except select a, y from u;
select b, c from t intersect select a, y from u;
select x from (select a as x from t union all select b from t) s where x > 2;
select x, count(*) from (select b as x from t union all select a from u) s group by x;
select b from t union select a from u union select k1 from w;

-- uncorrelated subqueries
select a from t where b = (select max(a) from u);
select a, (select count(*) from u) from t;
select a, (select x from u where false) from t;
select a, (select x from u) from t;
select a from t where b in (select a from u);
select a from t where b not in (select a from u);
select a from t where b not in (select a from u where a is not null);
select a from t where not (b not in (select a from u));
select a, b in (select a from u) from t;
select a, b not in (select a from u) from t;
select a from t where exists (select 1 from u);
select a from t where not exists (select 1 from u where x > 3);
select a from t where b > any (select a from u);
select a from t where b >= all (select a from u);
select a, b < all (select a from u), b = any (select a from u) from t;
select a from t where b in (select a from u) or a = 1;
select a from t where b not in (select a from u) or a = 1;
select a from t where a in (select x from u order by x limit 2);
select a from t where (b, c) in (select a, y from u);
select a from t where (b, c) not in (select a, y from u);
select a, (b, c) in (select a, y from u) from t;
select a from t where case when b in (select a from u) then a > 1 else a > 2 end;
select a from t where (b in (select a from u)) is null;
select a from t where b in (select a from u union select k1 from w);
select a from t where b in (select k1 from w group by k1 having count(*) > 1);
select sum(case when b in (select a from u) then 1 else 0 end) from t;
select a from t order by (select max(x) from u), a;

-- correlated scalar subqueries
select a, (select max(x) from u where u.a = t.b) from t;
select a, (select count(*) from u where u.a = t.b) from t;
select a, (select count(*) + 1 from u where u.a = t.b) from t;
select a, (select coalesce(sum(x), 0) from u where u.a = t.b) from t;
select a, (select case when count(*) = 0 then -1 else sum(x) end from u where u.a = t.b) from t;
select a from t where b = (select min(u.a) from u where u.y = t.c);
select a from t where 0 = (select count(*) from u where u.a = t.b);
select a from t where a > (select avg(x) from u where u.a = t.b);
select a, (select x from u where u.x = t.a) from t;
select a, (select x from u where u.a = t.b) from t;
select a, (select t.a + x from u where u.x = t.b) from t;
select a, (select t.a) from t;
select a, (select t.a + 1 where t.b > 2) from t;
select a, (select max(x) from u where u.a > t.b) from t;
select a, (select count(*) from u where u.a <> t.b) from t;
select a, (select sum(x + t.a) from u where u.a = t.b) from t;
select a, (select max(x) from u where u.a = t.b having count(*) > 1) from t;
select a, (select count(*) from u where u.a = t.b and u.y = t.c) from t;
select a, (select count(distinct y) from u where u.a = t.b or t.b is null) from t;
select a, (select x from u where u.a >= t.b order by x limit 1) from t;
select a, (select x from u where u.a >= t.b order by x desc limit 1 offset 1) from t;
select a, (select max(n) from (select count(*) as n from u where u.a = t.b group by u.y) s) from t;
select a, (select count(*) from (select distinct y from u where u.a = t.b) s) from t;
select a, (select count(*) from (select x from u where u.a = t.b union all select k1 from w where w.k1 = t.b) s) from t;
select a, (select count(*) from (select u.a from u where u.a = t.b union select k1 from w where w.k1 = t.b) s) from t;
select a, (select count(*) from (select u.a from u where u.a = t.b except select k1 from w where w.v = t.b) s) from t;
select a, (select sum(u.x) from u left join w on u.a = w.k1 and w.v > t.a where u.a = t.b) from t;
select a, (select count(w.v) from u left join w on u.a = w.k1 where u.a = t.b) from t;
select a, (select count(*) from u full join w on u.a = w.k1 and u.a = t.b) from t;
select a, (select count(*) from u right join w on u.a = w.k1 and u.a = t.b) from t;
select b, (select count(*) from u where u.a = t.b) from t group by b;
select b, sum(a) from t group by b having sum(a) > (select count(*) from u where u.a = t.b);
select (select sum(t.a) from u where u.x = 1) from t;
select (select count(*) from u where u.a = max(t.b)) from t;
select a from t order by (select count(*) from u where u.a = t.b), a;
select sum((select count(*) from u where u.a = t.b)) from t;
select b, (select string_agg(y, ',') from (select distinct y from u where u.a = t.b and y = 'a') s) from t;

-- correlated EXISTS, IN, ANY, ALL
select a from t where exists (select 1 from u where u.a = t.b);
select a from t where not exists (select 1 from u where u.a = t.b);
select a from t where exists (select 1 from u where u.a = t.b and u.x > t.a);
select a from t where not exists (select 1 from u where u.a = t.b and u.x <> t.a);
select a from t where exists (select 1 from u where u.a > t.b);
select a from t where exists (select 1 from u where u.a = t.b) or a = 1;
select a from t where not exists (select 1 from u where u.a = t.b) or b = 1;
select a, exists (select 1 from u where u.a = t.b) from t;
select a from t where b in (select u.a from u where u.y = t.c);
select a from t where b not in (select u.a from u where u.y = t.c);
select a from t where b not in (select u.a from u where u.x > t.a);
select a, b in (select u.a from u where u.y = t.c) from t;
select a, b not in (select u.a from u where u.y = t.c) from t;
select a from t where b > all (select u.a from u where u.y = t.c);
select a, b <= any (select u.a from u where u.y = t.c) from t;
select a from t where exists (select count(*) from u where u.a = t.b);
select a from t where exists (select 1 from u where u.a = t.b group by u.y having count(*) > 1);
select a from t where exists (select u.y from u where u.a = t.b limit 1);
select a from t where b in (select max(u.a) from u where u.y = t.c);
select a from t where b in (select u.a from u where u.y = t.c order by x limit 1);
select t1.a from t t1 where exists (select 1 from t t2 where t2.b = t1.b and t2.a <> t1.a) and not exists (select 1 from t t3 where t3.b = t1.b and t3.a <> t1.a and t3.c = 'a');

-- two levels
select a from t where exists (select 1 from u where u.a = t.b and exists (select 1 from w where w.k1 = u.a));
select a from t where exists (select 1 from u where u.a = t.b and exists (select 1 from w where w.k1 = u.a and w.v > t.a));
select a from t where exists (select 1 from u where u.a = t.b and not exists (select 1 from w where w.k1 = t.a));
select a from t where exists (select 1 from u where not exists (select 1 from w where w.k1 = t.a and w.k2 = u.y));
select a from t where not exists (select 1 from u where not exists (select 1 from w where w.k1 = t.a and w.k2 = u.y));
select a, (select max(x) from u where u.a = t.b and u.x > (select min(v) from w where w.k1 = u.a)) from t;
select a, (select max(x) from u where u.a = t.b and u.x > (select count(*) from w where w.k1 = t.a)) from t;
select a, (select count(*) from u where u.x in (select k1 from w where w.k1 = t.a or w.k1 = u.a)) from t;
select a, (select sum((select count(*) from w where w.k1 = u.a and w.k2 = t.c)) from u where u.a = t.b) from t;
select a from t where b in (select a from u where x in (select k1 from w where w.v >= t.a));
select a from t where b = (select max(u.a) from u where u.x = (select max(w.k1) from w where w.k1 <= t.a));
select a from t where (select count(*) from u where u.a = t.b) = (select count(*) from w where w.k1 = t.b);

-- derived tables, LATERAL, WITH
select s.b, s.n from (select b, count(*) as n from t group by b) s join u on u.a = s.b where s.n > 0;
select t.a, s.m from t, lateral (select max(x) as m from u where u.a = t.b) s;
select t.a, s.x from t, lateral (select x from u where u.a = t.b) s;
select t.a, s.x from t left join lateral (select x from u where u.a = t.b) s on true;
select t.a, s.x from t left join lateral (select x from u where u.a = t.b order by x limit 1) s on s.x > 1;
select t.a, s.y from t, lateral (select t.a + u.x as y from u where u.a = t.b) s;
select t.a, s.y from t, lateral (select t.a + 1 as y) s where s.y > 2;
with c as (select b, count(*) as n from t group by b) select * from c;
with c as (select b, count(*) as n from t group by b) select c1.b, c2.n from c c1 join c c2 on c1.b = c2.b where c1.n > 0;
with c as materialized (select a, b from t) select a from c where b > 1;
with c as not materialized (select a, b from t) select c1.a from c c1, c c2 where c1.a = c2.b;
with c as (select a, b from t), d as (select b, max(a) as m from c group by b) select c.a, d.m from c join d on c.b = d.b;
select a from t where b in (with c as (select u.a from u where u.y = t.c) select c1.a from c c1 join c c2 on c1.a = c2.a);
with c as (select a, b from t) select a from c where exists (select 1 from c c2 where c2.b = c.a);
select * from tv where a > 1;
select tv.a, u.x from tv join u on u.a = tv.b1;
values (1, 'a'), (2, null);
select * from (values (1, 'a'), (2, 'b')) v (n, s) where n > 1;
select a from t join (values (1), (2)) v (n) on t.b = v.n;
select (select max(x) from u) + 1;

-- casts around columns, superfluous joins, dependent grouping keys
select a from t where e < timestamp '1997-05-20 00:00:00';
select a from t where e >= timestamp '1997-05-19 12:00:00';
select a from t where d in (1, 2.5, 3.000);
select a from t where a::bigint = 3 or b::numeric(12,1) = 2.0;
select a from t where b::numeric(12,1) <> 2.5;
select t.a from t left join u on t.b = u.x;
select t.a, count(*) from t left join u on t.b = u.x group by t.a;
select t.a from t left join (select k1, max(v) as m from w group by k1) s on s.k1 = t.b;
select t.a, t.c, t.b, count(*) from t join u on t.b = u.a group by t.c, t.a, t.b;
select t.a, u.x, u.y, t.c, sum(u.x) from t join u on t.b = u.x group by t.c, t.a, u.x, u.y;
select u.x, u.y, t.a, count(*) from t left join u on t.b = u.x group by u.x, u.y, t.a;
select t.a, u.x, w.v from t join u on t.b = u.a join w on w.k1 = u.a where t.b in (select k1 from w where v > 1);
select t.a, u.x from t join u on t.b = u.a where not exists (select 1 from w where w.k1 = t.a);

-- recursion
with recursive r (n) as (select 1 union all select n + 1 from r where n < 5) select n from r where n > 2;
with recursive r (n) as (select a from t union select t.b from t join r on t.a = r.n) select n from r;
with recursive r (n, lv) as (select a, 0 from t where a = 1 union all select t.b, lv + 1 from r join t on t.a = r.n where lv < 4) select t.c, r.lv from r left join t on t.a = r.n;
with recursive r as (select 1 as n union select (n + 1) % 4 from r) select r1.n, r2.n from r r1 join r r2 on r1.n = r2.n;
select a from t where b in (with recursive r (n) as (select 1 union all select n + 1 from r where n < 3) select n from r);
with recursive r (n) as (select 1 union all select n + 1 from r where n < 6 and (select count(*) from u where u.x < r.n) < 4) select n, (select count(*) from u where u.x < r.n) from r;
with recursive r (n) as (select 1 union all select n + (select count(*) from u where u.x > r.n)::integer + 1 from r where n < 6) select n from r;
with recursive r (n) as (select a from t where a < 2 union select b from t, r where t.a > r.n and exists (select 1 from u where u.x > t.b + r.n)) select n from r;
with recursive r (n) as (select 1 union all select n + 1 from r where n < 4) select t.a, (select sum(n) from r where r.n <= t.b) from t;
with recursive r (n) as (select 1 union all select * from (with c as (select n + 1 as m from r) select c1.m from c c1 join c c2 on c1.m = c2.m) s where s.m < 5) select * from r;

-- aggregates that a join makes selective
select u.y, s.m from u join (select b, max(a) as m from t group by b) s on s.b = u.a where u.x = 3;
select u.y, s.m from u join (select b, c, max(a) as m from t group by b, c having count(*) > 0) s on s.b = u.a and s.c = u.y where u.x < 3;
select u.x from u where u.x = 3 and u.a < (select avg(a) from t where t.b = u.a);
select t.a from t, w where t.a = 2 and t.b = w.k1 and w.v < (select count(*) from u where u.a = t.b and u.a = w.k1);

-- WITH restricted to what its references want
with c as (select b, c, count(*) as n from t group by b, c) select c1.b, c2.n from c c1 join c c2 on c1.c = c2.c where c1.b = 1 and c2.b = 2 and c2.n > 0;
with c as (select b, count(*) as n from t group by b) select c1.b from c c1 join c c2 on c1.b = c2.b where c1.n > 0;
with c as (select b, count(*) as n from t group by b) select c1.b, c2.n from c c1 join c c2 on c1.n = c2.n where c1.n > 1 and c2.b = 2;
with c as (select a, 's' as kind, b from t union all select a, 'w', x from u) select c1.a, c2.b from c c1 join c c2 on c1.a = c2.a where c1.kind = 's' and c1.b = 1 and c2.kind = 'w' and c2.b = 2;
with c as materialized (select a, b from t) select c1.a from c c1 join c c2 on c1.a = c2.a where c1.b = 1 and c2.b = 2;
with c as (select a, b from t order by a limit 3) select c1.a, c2.a from c c1 join c c2 on c1.a = c2.a where c1.b = 1 and c2.b > 1;
with c as (select a, b from t), d as (select c1.b, count(*) as n from c c1 join c c2 on c1.a = c2.a where c1.b > 1 and c2.b > 1 group by c1.b) select d1.n from d d1 join d d2 on d1.n = d2.n where d1.b = 2 and d2.b = 3;
with c as (select count(*) as n, 1 as one from t) select c1.n from c c1 join c c2 on c1.n = c2.n where c1.n > 1000 and c2.n > 1000;
with c as (select b, count(*) as n from t group by b) select c1.n from c c1 where c1.b = 1 union all select c2.n from c c2 where c2.b is null or c2.b = 2 union all select c3.n from c c3 where c3.b > 3 and c3.n < 5;
with c as (select t.a, t.b, u.x, u.y from t left join u on t.a = u.a) select c1.x, c2.b from c c1 join c c2 on c1.a = c2.a where c1.x is null and c2.b = 1;
with c as (select b, sum(a) as s, count(*) as n from t group by rollup (b)) select c1.s from c c1 join c c2 on c1.n = c2.n where c1.b = 1 and c2.b is null;
with c as (select distinct b, c from t) select c1.b from c c1 join c c2 on c1.c = c2.c where c1.b = 1 and not (c2.b = 2 or c2.c = 'a');
with c as (select a, b from t where b > 0) select a from c where a = 1 union select a from c where exists (select 1 from c d where d.a = c.b and d.b < 3);

-- conditions of the preserved side reach the other
select t.a, u.n from t left join (select a, count(*) as n from u group by a) u on u.a = t.a where t.a = 2;
select t.a, u.x from u right join t on t.a = u.a where t.a in (1, 2) and t.b > 0;
select t.a, u.x from t left join u on t.a = u.a and t.b = u.x where t.a < 3 or t.b = 1;
select t.a from t where t.a > 2 and not exists (select 1 from u where u.a = t.a);
select t.a, (select max(x) from u where u.a = t.a) from t where t.a = 1;
select t.a, t.a in (select a from u where u.a = t.a) as m from t where t.a < 4;
select t.b, u.x, w.k2 from t left join u on t.b = u.a left join w on w.k1 = t.b where t.b = 2;
select t.b, u.x from t left join u on t.b = u.a where t.b is null;
select t.b, u.x from t full join u on t.b = u.a where t.b = 2;
