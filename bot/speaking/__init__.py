"""Texts spoken aloud: from words to a clip that a channel can send. Knows no channel or storage."""
