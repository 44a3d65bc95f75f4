"""Rules: what they say, which of them fire, and the stored ones of an installation.

`rule`, `condition`, `conditions` and `schedule` are pure; `registry` reads and writes the database.
"""
