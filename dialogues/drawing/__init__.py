"""The question tree as a picture."""
