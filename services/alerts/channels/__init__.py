"""The channels by name. Strings only: nothing is imported until it is in use."""

CATALOGUE = {
    "email": "services.alerts.channels.email:EmailChannel",
    "line": "services.alerts.channels.line.channel:LineChannel",
    "mqtt": "services.alerts.channels.mqtt:MqttChannel",
    "physical": "services.alerts.channels.siren:SirenChannel",
    "telegram": "services.alerts.channels.telegram.channel:TelegramChannel",
    "webhook": "services.alerts.channels.webhook:WebhookChannel",
}
