"""Projections fold events into the rows of a view. They never decide: what they need is in the events."""
