"""The planning system's own DVHs: read, compared with, and written."""
