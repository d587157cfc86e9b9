"""The embedded stores: one file for the events, one beside it for everything that can be made again."""
