"""The demo: a small city with its people, for trying the program and for its tests."""
