"""What fills the roles of the application: databases, queues, writers, settings, logs."""
