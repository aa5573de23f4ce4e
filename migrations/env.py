"""Runs migrations over the connection it is given, or over DATABASE_URL."""

import os

from alembic import context
from sqlalchemy import Connection, create_engine

from service.store.models import Account

target = Account.metadata


def migrate(connection: Connection) -> None:
    """Run what is asked for over an open connection."""
    context.configure(connection=connection, target_metadata=target, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
        migrate(connection)
