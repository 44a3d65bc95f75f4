"""The channels by name. Strings only: nothing is imported until it is in use."""

CATALOGUE = {
    "webhook": "services.alerts.channels.webhook:WebhookChannel",
}
