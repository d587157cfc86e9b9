"""Ours with in-flight tokens in Redis: a herd that asks for one film is answered without the event store.

The token is a short cut at request time; the claim and the version check decide as they do without it.
"""

from benchmarks.locking.strategies.moviemind import MovieMind


class MovieMindWithToken(MovieMind):
    has_tokens = True
