"""figure of the dashboards."""
