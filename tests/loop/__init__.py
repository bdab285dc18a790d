"""Real descriptors and a manual clock, one turn of the loop at a time."""
