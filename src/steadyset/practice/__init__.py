"""Practice material that needs no download: drawn digits with MNIST's layout, and an origin that misbehaves on demand."""
