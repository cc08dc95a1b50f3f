"""SQLAlchemy 2 over psycopg and asyncpg: create_all, reflection, ORM, pool."""
import asyncio, datetime, decimal, os, sys
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.ext.asyncio import create_async_engine, AsyncSession

ADDR = f"htap@{os.environ['PGHOST']}:{os.environ['PGPORT']}/htap"


class Base(orm.DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(50), unique=True)
    born: orm.Mapped[datetime.date | None]
    paid: orm.Mapped[decimal.Decimal] = orm.mapped_column(sa.Numeric(12, 2), default=decimal.Decimal("0.00"))
    __table_args__ = (sa.CheckConstraint("paid >= 0", name="paid_positive"), sa.Index("author_born", "born"))


def names(inspector):
    assert inspector.get_table_names() == ["author"], inspector.get_table_names()
    assert inspector.get_pk_constraint("author")["constrained_columns"] == ["id"]
    assert [u["column_names"] for u in inspector.get_unique_constraints("author")] == [["name"]]
    assert "author_born" in [i["name"] for i in inspector.get_indexes("author")]
    assert [k["name"] for k in inspector.get_check_constraints("author")] == ["paid_positive"], inspector.get_check_constraints("author")
    assert inspector.get_foreign_keys("author") == []
    columns = {k["name"]: k for k in inspector.get_columns("author")}
    assert str(columns["paid"]["type"]) == "NUMERIC(12, 2)" and not columns["name"]["nullable"], columns
    assert isinstance(columns["born"]["type"], sa.Date)


def sync():
    engine = sa.create_engine("postgresql+psycopg://" + ADDR, pool_size=3, pool_pre_ping=True)
    Base.metadata.create_all(engine)
    names(sa.inspect(engine))
    reflected = sa.MetaData()
    reflected.reflect(engine)
    assert list(reflected.tables) == ["author"]
    with orm.Session(engine) as s:
        s.add_all([Author(name=f"n{i}", born=datetime.date(1900 + i, 1, 1), paid=decimal.Decimal("1.25")) for i in range(20)])
        s.commit()
        a = s.scalars(sa.select(Author).where(Author.name == "n7")).one()
        assert a.born == datetime.date(1907, 1, 1) and a.paid == decimal.Decimal("1.25") and a.id > 0
        a.paid += 1
        s.commit()
        assert s.scalar(sa.select(sa.func.sum(Author.paid))) == decimal.Decimal("26.00")
        s.add(Author(name="n7"))
        try:
            s.commit()
            raise AssertionError("a duplicate")
        except sa.exc.IntegrityError as e:
            assert e.orig.diag.constraint_name == "author_name_key", e.orig.diag.constraint_name
        s.rollback()
        s.delete(s.get(Author, a.id))
        s.commit()
    with engine.connect() as c:
        rows = c.execution_options(stream_results=True, max_row_buffer=5).execute(sa.select(Author.id)).fetchall()
        assert len(rows) == 19
    Base.metadata.drop_all(engine)
    engine.dispose()


async def run_async():
    engine = create_async_engine("postgresql+asyncpg://" + ADDR, pool_size=3)
    async with engine.begin() as c:
        await c.run_sync(Base.metadata.create_all)
        await c.run_sync(lambda conn: names(sa.inspect(conn)))
    async with AsyncSession(engine) as s:
        s.add_all([Author(name=f"a{i}", paid=decimal.Decimal(i)) for i in range(10)])
        await s.commit()
        found = (await s.scalars(sa.select(Author).where(Author.paid > decimal.Decimal("7.5")).order_by(Author.id))).all()
        assert [a.name for a in found] == ["a8", "a9"]
        count = 0
        async for _ in await s.stream(sa.select(Author)):
            count += 1
        assert count == 10
        await s.commit()

    async def one(i):
        async with engine.connect() as c:
            return (await c.execute(sa.select(sa.literal(i, sa.Integer) + 1))).scalar_one()
    assert await asyncio.gather(*(one(i) for i in range(20))) == list(range(1, 21))
    async with engine.begin() as c:
        await c.run_sync(Base.metadata.drop_all)
    await engine.dispose()

print("psycopg", flush=True)
sync()
print("asyncpg", flush=True)
asyncio.run(run_async())
