"""trainer of the dashboards."""
