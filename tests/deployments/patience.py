"""How long a test waits for what takes seconds, on a machine that is busy with other tests."""

PATIENCE_S = 600.0
