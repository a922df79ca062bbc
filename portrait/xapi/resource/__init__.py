"""What a learning record store offers, one resource a module: each takes a Request and the Store and returns an Answer."""
