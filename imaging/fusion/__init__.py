"""CBCT fusion at a paid vendor: checked before, submitted once, collected and shown.

Nothing is imported here: what draws pictures runs in a process without HTTP, and the gateway needs
the ledger alone. The whole way is in `imaging.fusion.journey`.
"""
