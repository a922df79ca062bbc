"""The lake: Delta tables, the embedded engine and the refresh. Only this package touches the lake's files."""
