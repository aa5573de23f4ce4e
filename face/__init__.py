"""Photos, faces, templates: the only place that knows images and vectors; it knows no web and no database."""
