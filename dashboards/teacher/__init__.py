"""teacher of the dashboards."""
