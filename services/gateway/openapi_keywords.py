"""Schemas in the API's document as pydantic writes them.

flask-openapi3 copies each schema into a model of its own that leaves out every keyword it does not know, the examples
among them. Here that model learns to keep them. Has to happen before the first endpoint is defined.
"""

from __future__ import annotations

from flask_openapi3.models.schema import Schema


def keep_all_keywords() -> None:
    """Let the library's schemas carry whatever they are given. Calling it again changes nothing."""
    if Schema.model_config.get("extra") != "allow":
        Schema.model_config["extra"] = "allow"
        Schema.model_rebuild(force=True)
