"""Full-text search: an FTS5 index on SQLite, a GIN index on PostgreSQL.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The index holds no text of its own: triggers keep it in step with the table.
SQLITE = (
    """CREATE VIRTUAL TABLE document_fts USING fts5(
        terms, content='document', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
    )""",
    """CREATE TRIGGER document_added AFTER INSERT ON document BEGIN
        INSERT INTO document_fts(rowid, terms) VALUES (new.id, new.terms);
    END""",
    """CREATE TRIGGER document_gone AFTER DELETE ON document BEGIN
        INSERT INTO document_fts(document_fts, rowid, terms) VALUES ('delete', old.id, old.terms);
    END""",
    """CREATE TRIGGER document_changed AFTER UPDATE ON document BEGIN
        INSERT INTO document_fts(document_fts, rowid, terms) VALUES ('delete', old.id, old.terms);
        INSERT INTO document_fts(rowid, terms) VALUES (new.id, new.terms);
    END""",
)
POSTGRESQL = ("CREATE INDEX ix_document_terms ON document USING gin (to_tsvector('simple', terms))",)


def upgrade() -> None:
    for statement in SQLITE if op.get_context().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        for name in ("document_changed", "document_gone", "document_added"):
            op.execute(f"DROP TRIGGER {name}")
        op.execute("DROP TABLE document_fts")
    else:
        op.execute("DROP INDEX ix_document_terms")
