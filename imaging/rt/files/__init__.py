"""Reading RT files: one object in, checked facts out."""
