"""Pure rules: see README.md in this folder."""
