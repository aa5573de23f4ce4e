"""A simulated city: districts, bodies, units, projects and people as they are, with mistakes whose number is known."""
