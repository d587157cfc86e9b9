"""Everything the system can do, one file per command: the frozen dataclass and its handler."""
