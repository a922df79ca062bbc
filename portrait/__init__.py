"""The domain: what happened, to whom, what it shows and what the rules say. Knows no page and no fitted model."""
