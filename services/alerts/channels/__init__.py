"""The channels by name. Strings only: nothing is imported until it is in use."""

CATALOGUE = {
    "email": "services.alerts.channels.email:EmailChannel",
    "webhook": "services.alerts.channels.webhook:WebhookChannel",
}
