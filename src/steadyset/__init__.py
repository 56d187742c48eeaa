"""Load MNIST and its kin without fail, and name the true cause when something does."""

__version__ = "0.1.0"
