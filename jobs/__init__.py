"""What runs beside the API: workers, the tick, and the runner that starts everything on a developer's machine."""
