from tests.unit.gateway.fixtures import api, api_settings, template

__all__ = ["api", "api_settings", "template"]
