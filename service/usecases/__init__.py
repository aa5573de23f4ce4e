"""Use cases: one function per act: permission, load, judge, keep, record, publish."""
