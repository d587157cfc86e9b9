"""Events as the store keeps them, without a store."""

from uuid import UUID

from eventsourcing.persistence import DatetimeAsISO, JSONTranscoder, Mapper, UUIDAsHex


def mapper() -> Mapper[UUID]:
    """Maps events to JSON and back with the transcodings the application uses."""
    transcoder = JSONTranscoder()
    transcoder.register(UUIDAsHex())
    transcoder.register(DatetimeAsISO())
    return Mapper(transcoder)
