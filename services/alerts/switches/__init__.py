"""The switches by kind of device. Strings only: nothing is imported until a device of the kind is used."""

CATALOGUE = {
    "gpio": "services.alerts.switches.gpio:GpioSwitch",
    "http": "services.alerts.switches.http:HttpSwitch",
    "mqtt": "services.alerts.switches.mqtt:MqttSwitch",
    "shelly": "services.alerts.switches.shelly:ShellySwitch",
    "tasmota": "services.alerts.switches.tasmota:TasmotaSwitch",
}
