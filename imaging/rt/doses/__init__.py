"""The dose that a DVH is in: its grid, and which of a patient's RTDOSEs make it up."""
