"""Spreadsheets as people have them: read as a stream of rows, taken apart by columns, written to be corrected."""
