"""Positions, fences and what a position is worth at a fence: pure rules without web, database or clock."""
