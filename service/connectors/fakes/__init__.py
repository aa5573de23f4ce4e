"""Fake peers that speak the real protocols; refused in production."""
