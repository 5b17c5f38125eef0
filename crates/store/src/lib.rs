//! Tables, migrations and every SQL statement, tenant-scoped.
