"""Doors: how a file becomes records. Everything enters here, real exports and the demo province alike."""
