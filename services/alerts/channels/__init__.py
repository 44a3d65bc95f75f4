"""The channels by name. Strings only: nothing is imported until it is in use."""

CATALOGUE = {
    "mqtt": "services.alerts.channels.mqtt:MqttChannel",
    "physical": "services.alerts.channels.siren:SirenChannel",
    "webhook": "services.alerts.channels.webhook:WebhookChannel",
}
