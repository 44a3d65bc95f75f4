"""Presences to events: rules, the timeline, and the outbox that tells the others."""
