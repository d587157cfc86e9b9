"""Pure rules of MovieMind: what may happen to a film's descriptions, and in which order."""
