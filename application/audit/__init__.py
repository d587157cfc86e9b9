"""A history that shows when it was changed: a hash tree over all events, and signed checkpoints of it."""
