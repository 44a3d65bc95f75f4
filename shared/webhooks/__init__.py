"""The webhooks of an installation: adding and changing them, for the gateway and the command line alike."""
