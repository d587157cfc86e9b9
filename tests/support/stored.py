"""Events as the store keeps them, without a store."""

from eventsourcing.persistence import DatetimeAsISO, JSONTranscoder, UUIDAsHex

from application.event_mapper import EventMapper


def mapper() -> EventMapper:
    """Maps events to JSON and back with the transcodings the application uses."""
    transcoder = JSONTranscoder()
    transcoder.register(UUIDAsHex())
    transcoder.register(DatetimeAsISO())
    return EventMapper(transcoder)
