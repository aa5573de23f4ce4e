"""Benchmarks: a table on stderr, one JSON object as the last line of stdout; none is a timed test."""
