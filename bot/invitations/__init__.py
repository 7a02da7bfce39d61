"""Invitations: who is invited, by which links, and how the words reach them."""
