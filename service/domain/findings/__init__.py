"""Findings: what a rule says is not as it should be, one rule a file, each with the evidence it rests on."""
