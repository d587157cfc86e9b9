"""The production store: events and everything made from them in one PostgreSQL database."""
