"""By what names clients know the model that looks at their cameras."""

from __future__ import annotations

from services.gateway.gateway import Gateway


def model_names(gateway: Gateway) -> list[str]:
    """The names that may be asked for: those of the setting, and the model's own."""
    settings = gateway.settings
    return list(dict.fromkeys((*settings.gateway.model_names, settings.eye.model)))


def usual_model(gateway: Gateway) -> str:
    """What a camera shows as its model when nobody asked for one."""
    return model_names(gateway)[0]
