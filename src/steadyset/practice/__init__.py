"""Material for practice, no download needed: drawn digits in MNIST's layout, and an origin that misbehaves."""
