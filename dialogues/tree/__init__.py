"""The question-tree compiler: what holds on every path through a guide, before anyone walks it."""
