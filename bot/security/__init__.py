"""Sealing of content, passwords and tokens."""
