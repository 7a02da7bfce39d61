"""Documents that candidates hand in: fetched, and their text taken out."""
