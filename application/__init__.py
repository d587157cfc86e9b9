"""Use cases of MovieMind: what the system can do, told without SQL, HTTP or queues."""
