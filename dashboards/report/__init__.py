"""report of the dashboards."""
