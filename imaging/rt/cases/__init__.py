"""DVHs of many cases: calculated once and kept, and gathered into tables."""
