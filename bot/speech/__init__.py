"""Hearing: from a spoken answer to its words, and whether they are good enough to judge."""
