"""The database: tables, sessions and migrations (SQLAlchemy 2, Alembic; SQLite or PostgreSQL)."""
