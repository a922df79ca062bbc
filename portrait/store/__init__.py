"""The registry: tables, queries (each takes a Scope) and migrations. Only this package touches tables."""
