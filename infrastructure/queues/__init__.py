"""Drivers of the job queue."""
