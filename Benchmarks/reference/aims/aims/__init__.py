"""A stand-in for the original AIMS backend, for comparison."""
