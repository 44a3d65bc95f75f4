"""Who may ask: accounts, passwords, API keys and the audit trail, for the gateway and the command line alike."""
