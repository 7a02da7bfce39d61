"""What a spreadsheet may hold."""

FIRST_ROW = 3
"""The first row of records: above it stand the technical names, hidden, and the headers."""
MAX_BYTES = 10_000_000
"""Of the file."""
MAX_UNPACKED = 64_000_000
"""Bytes of all its parts, unpacked."""
MAX_PARTS = 500
MAX_CELLS = 400_000
"""In all sheets, empty ones with a format included."""
MAX_ELEMENTS = 2_000_000
"""Of XML, in all parts."""
MAX_ROWS = 60_000
"""The last row of a sheet that may hold something; more than a YAML file takes values."""
MAX_COLUMNS = 60
MAX_CHARACTERS = 4_000_000
"""In all cells."""
CELL_UNITS = 32_767
"""The longest text of a cell in Excel, in UTF-16 units."""
