"""Redis: what makes the service quick. Nothing that must not be lost is kept here."""
