"""The cameras of an installation: adding, changing and removing them, for the gateway and the command line alike."""
