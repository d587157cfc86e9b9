"""Positions of the log on PostgreSQL: how they are made, how far they can be read, and where they hold.

    position = (transaction id + offset) << 16 | ordinal of the event in its append

A follower that remembers a position must never be shown, later, an event below it. So readers stop below a
horizon, under which no position can still appear. It is made of one snapshot and of the locks that are held
a moment later, and the events are read by the next statement:

- An append takes its lock on the table (every INSERT takes one, ROW EXCLUSIVE, which excludes no other
  writer) before it is given a transaction id, and lets go of it only after its commit can be seen.
- A writer that had no id when the snapshot was taken will get one at or above the snapshot's xmax.
- A writer that had one stands among the running transactions of the snapshot. Of those only the ones are
  left out that visibly belong to somebody who holds no such lock: a transaction shows its id among the locks
  a moment after it has it, so that one which shows none may be a writer.
- A writer that has let go in between can be seen by the next statement.

Other transactions of the cluster, however long they stay open, do not matter.

Positions grow as long as transaction ids do. In another cluster, another database, or on the timeline of a
standby that was promoted before it had caught up, they would be given out twice; the row in `log_epochs`
names the home of the log, and neither writer nor reader goes on anywhere else until `schema promote` has
begun a new epoch there (see `schema.py`).
"""

TABLE = "stored_events"
ORDINAL_BITS = 16
MOST_EVENTS = (1 << ORDINAL_BITS) - 1
"""In one append; the ordinals begin at 1."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS log_epochs (
    epoch text NOT NULL, id_offset bigint NOT NULL,
    cluster bigint NOT NULL, database bigint NOT NULL, timeline text NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS log_epochs_has_one_row ON log_epochs ((true));
"""

THIS_DATABASE = "(SELECT oid::bigint FROM pg_database WHERE datname = current_database())"

HERE = f"""
(SELECT system_identifier FROM pg_control_system()), {THIS_DATABASE},
substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
"""
"""Cluster, database and timeline of the connection at hand."""

IS_AT_HOME = f"(cluster, database, timeline) = ({HERE})"

HOLDS_BACK = f"""
SELECT pid, application_name, extract(epoch FROM clock_timestamp() - xact_start)::float
FROM pg_locks LEFT JOIN pg_stat_activity USING (pid)
WHERE database = {THIS_DATABASE} AND relation = '{TABLE}'::regclass AND mode = 'RowExclusiveLock' AND granted
ORDER BY xact_start NULLS FIRST LIMIT 1
"""
"""The session whose transaction has been writing events for the longest time; a prepared one has none, and
since when one of another role does so may be hidden."""

# pg_locks shows the low half of a transaction id. No two that run at the same time have the same.
HORIZON = f"""
WITH snapshot AS MATERIALIZED (SELECT pg_current_snapshot() AS taken),
held AS MATERIALIZED (
  SELECT locktype, database, relation, mode, virtualtransaction, transactionid::text::bigint AS id
  FROM pg_locks WHERE locktype IN ('relation', 'transactionid')),
writers AS (
  SELECT virtualtransaction FROM held
  WHERE relation = '{TABLE}'::regclass AND mode = 'RowExclusiveLock' AND database = {THIS_DATABASE}),
others AS (
  SELECT id FROM held WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock'
    AND virtualtransaction NOT IN (SELECT virtualtransaction FROM writers)),
oldest AS (
  SELECT min(running::text::bigint) AS id FROM snapshot, pg_snapshot_xip(taken) AS running
  WHERE running::text::bigint & 4294967295 NOT IN (SELECT id FROM others))
SELECT (least(pg_snapshot_xmax(taken)::text::bigint, oldest.id) + id_offset) << {ORDINAL_BITS} AS horizon,
  {IS_AT_HOME} AS is_at_home
FROM snapshot, oldest, log_epochs
"""
