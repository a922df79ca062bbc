"""office of the dashboards."""
