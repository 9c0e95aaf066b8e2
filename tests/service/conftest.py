"""Databases for the example service: SQLite everywhere, PostgreSQL where RESTRUCTURE_TEST_POSTGRESQL is its URL."""

import os
from importlib.util import find_spec
from uuid import uuid4

import pytest

PACKAGES = ("fastapi", "httpx", "psycopg", "schemathesis", "sqlmodel", "uvicorn")

# `test_packages.py` stays, and says what is missing.
if not all(map(find_spec, PACKAGES)):
    collect_ignore = [
        "test_fuzz.py",
        "test_kills.py",
        "test_life.py",
        "test_openapi.py",
        "test_races.py",
        "test_walk.py",
    ]


def _schema(url):
    """Give a schema of its own in the database, gone afterwards."""
    from sqlalchemy import create_engine, text

    name = f"test_{uuid4().hex}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    yield f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{name}"
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    engine.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request, tmp_path_factory):
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('service')}/restructure.db"
    elif url := os.environ.get("RESTRUCTURE_TEST_POSTGRESQL"):
        yield from _schema(url)
    else:
        pytest.skip(
            "NOT CHECKED: the example service on PostgreSQL; RESTRUCTURE_TEST_POSTGRESQL names no database"
        )


@pytest.fixture(scope="module")
def client(database):
    """A client of a service on the database."""
    from serving import serving

    with serving(database) as client:
        yield client
