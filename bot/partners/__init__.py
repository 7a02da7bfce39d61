"""Assistants of other makers that hold interviews in their own conversations."""
