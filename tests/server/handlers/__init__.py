"""The handlers of `session/*`, through a whole server over children made of pipes."""
