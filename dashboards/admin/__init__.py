"""admin of the dashboards."""
