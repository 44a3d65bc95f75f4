"""The words of Argus as plain values: standard library and numpy only, no I/O, no clock."""
