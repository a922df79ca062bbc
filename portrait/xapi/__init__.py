"""The learning record store: xAPI 1.0.3 and 2.0 over HTTP, its statements and documents kept in the registry."""
