//! One SQL text, one transaction type and one scope over SQLite and PostgreSQL.
