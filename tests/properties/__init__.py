"""What must hold for every input: any bytes, any split, any order of steps."""
