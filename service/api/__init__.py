"""The HTTP edge: schemas in, schemas out, who is asking."""
