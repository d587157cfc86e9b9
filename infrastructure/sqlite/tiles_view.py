"""The tiles of the hash tree on SQLite."""

from application.audit.history_tree import TileKey, TilesView
from application.audit.tiles import Tile
from infrastructure.sqlite.view_table import SqliteView, ViewTable
from infrastructure.tree_size import SIZE, tree_size

SCHEMA = """
CREATE TABLE {table} (
    level INTEGER NOT NULL, number INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, number)
);
"""


class SqliteTilesView(SqliteView[TileKey, Tile], TilesView):
    table = ViewTable(
        schema=SCHEMA,
        columns=("level", "number", "hashes"),
        key=("level", "number"),
        key_of=lambda tile: (tile.level, tile.number),
        values=lambda tile: (tile.level, tile.number, tile.hashes),
        row=lambda row: Tile(**dict(row)),
    )

    def hashes(self, level: int, number: int) -> bytes:
        with self._store.reading() as cursor:
            found = list(self.table.read(cursor, self.name, [(level, number)]))
            return found[0].hashes if found else b""

    def size(self) -> int:
        with self._store.reading() as cursor:
            cursor.execute(SIZE)
            return tree_size(cursor.fetchone())
