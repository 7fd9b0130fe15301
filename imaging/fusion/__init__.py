"""CBCT fusion at a paid vendor: checked before, submitted once, collected and shown."""
