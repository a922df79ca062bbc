"""What the teacher's pages are made of: sentences, rows, drawers and forms about one teacher, by themself."""
