"""Where a result goes: the result contract and one file a system."""
