"""Catalogues of translations, and what collects the words for them."""
