"""Pictures: on the terminal, as a PNG file, and as a small HTML sheet for notebooks."""
