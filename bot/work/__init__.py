"""Durable work on DBOS: what is done after a turn, at least once and never twice in effect."""
