"""The ledger's tables, as SQLAlchemy Core definitions for SQLite and Postgres."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

versions = Table(
    "versions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("asset", String, nullable=False),
    Column("partition", String, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("kind", String, nullable=False),
    Column("uri", String, nullable=False),
    Column("file_sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("rows", Integer),
    Column("schema", Text, nullable=False),
    Column("code_hash", String(64), nullable=False),
    Column("config_hash", String(64), nullable=False),
    Column("reads_hash", String(64), nullable=False),
    Column("environment", String(64), ForeignKey("environments.hash"), nullable=False),
    Column("run_id", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("made_at", String, nullable=False),
    Column("metadata", Text, nullable=False),
    Index("versions_by_place", "asset", "partition"),
)

# What a version was made from. ``kind`` is ``version`` (exactly that version was read), ``fact``
# (of that version only the fact named ``cut``), ``absent`` (the place was looked at and held
# nothing) or ``external`` (something outside the ledger, known by ``read_hash``). ``read_hash`` is
# the hash of what was read: the version's content, the fact, or the content of its cut when only
# what was known on the day ``cut`` was read.
inputs = Table(
    "inputs",
    metadata,
    Column("version_id", Integer, ForeignKey("versions.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("input_asset", String, nullable=False),
    Column("input_partition", String, nullable=False),
    Column("input_version_id", Integer, ForeignKey("versions.id")),
    Column("read_hash", String(64), nullable=False),
    Column("cut", String, nullable=False),
    Index("inputs_by_input", "input_version_id"),
    Index("inputs_by_place", "input_asset", "input_partition"),
)

pointers = Table(
    "pointers",
    metadata,
    Column("asset", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("version_id", Integer, ForeignKey("versions.id"), nullable=False),
    Column("held_by", String),
    Column("held_reason", String),
)

# One token per run, growing; the highest token that claimed a place is the only one that may write.
tokens = Table(
    "tokens",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("token", Integer, nullable=False, unique=True),
    Column("actor", String, nullable=False),
    Column("started_at", String, nullable=False),
)

fences = Table(
    "fences",
    metadata,
    Column("asset", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("token", Integer, nullable=False),
    Column("run_id", String, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("asset", String, nullable=False),
    Column("partition", String, nullable=False),
    Column("version_before", Integer),
    Column("version_after", Integer),
    Column("seal", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("run_id", String, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("events_by_place", "asset", "partition", "seq"),
)

# The head of the event chain: one row, locked by every writer.
chain = Table(
    "chain",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)

environments = Table(
    "environments",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("packages", Text, nullable=False),
)

# Facts that are fixed when a home is made, such as its market.
home = Table(
    "home",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)
