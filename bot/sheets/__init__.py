"""A guide and its rubric as one spreadsheet (XLSX), there and back."""
