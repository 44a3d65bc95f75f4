"""What surrounds an endpoint's function: who asks, what was sent, what is answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from types import NoneType
from typing import Any, get_args, get_type_hints

from flask import Response, request
from pydantic import BaseModel, ValidationError

from services.gateway.auth.caller import PROTECTED, current_caller
from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway, current_gateway
from services.gateway.http.answers import response_of
from services.gateway.http.form_body import form_values, is_form
from services.gateway.http.json_body import json_object
from services.gateway.http.whole_body import whole_body
from services.gateway.idempotency import Recorded
from services.gateway.openapi_keywords import keep_all_keywords
from services.gateway.problem import Problem, Refusal, field_of, fields_of, invalid
from shared.accounts.roles import Scope
from shared.domain.errors import UserError

View = Callable[..., Any]
_CONTRACT = "argus_contract"
_BRINGING_BODIES = frozenset({"POST", "PUT", "PATCH"})

keep_all_keywords()


@dataclass(frozen=True, slots=True)
class Contract:
    """What an endpoint asks for: a permission (None: anybody may ask), and models by where they are sent.

    `refuses` are statuses of refusals of its own, which what it asks for does not tell; `reads` is a query that it
    looks at itself.
    """

    scope: Scope | None
    models: Mapping[str, type[BaseModel]]
    refuses: tuple[int, ...] = ()
    reads: type[BaseModel] | None = None


@dataclass(frozen=True, slots=True)
class Unsound:
    """A body with faults: what was sent, by field, the fields that are wrong, and what the path says."""

    sent: Mapping[str, Any]
    wrong: frozenset[str]
    path: Mapping[str, Any]


Beside = Callable[[Gateway, Principal, Unsound], Iterable[UserError]]


def contract_of(view: View) -> Contract:
    """What the endpoint behind a view asks for. Raises `AttributeError` for a view that is no endpoint."""
    contract: Contract = getattr(view, _CONTRACT)
    return contract


def endpoint(
    *,
    scope: Scope | None,
    refuses: tuple[int, ...] = (),
    reads: type[BaseModel] | None = None,
    beside: Beside | None = None,
) -> Callable[[View], Callable[..., Response]]:
    """Make a view of a plain function.

    The function names what it needs by its parameters: `gateway`, `principal`, and pydantic models as `path`,
    `query`, `body` (JSON, 1 MiB at most) and `form` (multipart, with files up to 8 MiB). One that takes both `body`
    and `form` gets None for the one that was not sent. Credentials are checked first, then everything that was sent
    at once, so that one answer names all wrong fields. `scope` None means that anybody may ask. On POST,
    `Idempotency-Key` is honoured. `refuses` and `reads` are for the document alone. `beside` tells what else is wrong
    where a body has faults, as far as its other fields show: what the function itself would have refused.
    """

    def decorate(view: View) -> Callable[..., Response]:
        models, wanted = _parameters(view)

        @wraps(view)
        def answer(**path_values: Any) -> Response:
            gateway = current_gateway()
            principal = _permitted(scope)
            given: dict[str, Any] = {"gateway": gateway, "principal": principal}
            asked = partial(beside, gateway, principal) if beside is not None and principal is not None else None
            kwargs = {name: given[name] for name in wanted} | _validated(models, path_values, gateway, asked)
            key = request.headers.get("Idempotency-Key")
            if request.method != "POST" or key is None or principal is None:
                return response_of(view(**kwargs))
            return _once(gateway, principal, key, lambda: response_of(view(**kwargs)))

        # flask-openapi3 documents the parameters, and leaves their validation to the function above.
        answer.__annotations__ = {**view.__annotations__, **models}
        answer.__delay_validate_request__ = True  # type: ignore[attr-defined]
        setattr(answer, PROTECTED, scope is not None)
        setattr(answer, _CONTRACT, Contract(scope, models, refuses, reads))
        return answer

    return decorate


def _parameters(view: View) -> tuple[dict[str, type[BaseModel]], list[str]]:
    hints = get_type_hints(view)
    places: tuple[str, ...] = ("path", "query", "body", "form")
    models = {place: _model(hints[place]) for place in places if place in hints}
    return models, [name for name in ("gateway", "principal") if name in hints]


def _model(hint: Any) -> type[BaseModel]:
    """The model of `Model` and of `Model | None`."""
    model: type[BaseModel] = next((part for part in get_args(hint) if part is not NoneType), hint)
    return model


def _permitted(scope: Scope | None) -> Principal | None:
    if scope is None:
        return None
    principal = current_caller().known()
    if scope not in principal.scopes:
        raise Refusal(Problem(403, "forbidden", f"This needs the permission '{scope}'"))
    return principal


def _validated(
    models: dict[str, type[BaseModel]],
    path_values: dict[str, Any],
    gateway: Gateway,
    beside: Callable[[Unsound], Iterable[UserError]] | None,
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    unusable = _unusable(models.get("query"))
    wrong = [(name, "holds text that cannot be used") for name in unusable]
    if request.method in _BRINGING_BODIES and not {"body", "form"} & set(models):
        whole_body(request)  # nobody looks at it, but it is bounded like all others
    not_sent = ("body" if is_form(request) else "form") if {"body", "form"} <= set(models) else None
    for place, model in models.items():
        if place == not_sent:
            found[place] = None
            continue
        try:
            found[place] = _parsed(place, model, path_values, gateway)
        except ValidationError as error:
            wrong += [(name, reason) for name, reason in fields_of(error) if name not in unusable]
            if place == "body" and beside is not None:
                named = {name for name, _ in wrong}
                further = map(field_of, beside(_unsound(error, path_values)))
                wrong += [each for each in further if each[0] not in named]
    if wrong:
        raise Refusal(invalid(wrong))
    return found


def _unsound(error: ValidationError, path_values: dict[str, Any]) -> Unsound:
    wrong = frozenset(str(each["loc"][0]) for each in error.errors(include_input=False) if each["loc"])
    return Unsound(json.loads(json_object(request, required=False)), wrong, path_values)


def _parsed(place: str, model: type[BaseModel], path_values: dict[str, Any], gateway: Gateway) -> BaseModel:
    context = {"gateway": gateway}
    if place == "body":
        required = any(field.is_required() for field in model.model_fields.values())
        return model.model_validate_json(json_object(request, required=required), strict=True, context=context)
    if place == "form":
        return model.model_validate(form_values(request), context=context)
    if place == "path":
        return model.model_validate(path_values, context=context)
    return model.model_validate(request.args.to_dict(flat=True), context=context)


def _unusable(model: type[BaseModel] | None) -> list[str]:
    """Parameters that hold what no database or log could. Those that nobody asked for may hold what they like."""
    known = model.model_fields if model is not None else ()
    return [name for name in known if "\0" in request.args.get(name, "")]


def _once(gateway: Gateway, principal: Principal, key: str, view: Callable[[], Response]) -> Response:
    def carry_out() -> Recorded:
        response = view()
        return Recorded(response.status_code, response.content_type or "", response.get_data())

    what = b"\0".join((request.method.encode(), request.full_path.encode(), request.get_data(cache=True)))
    recorded = gateway.replays.once(key, who=str(principal.account_id), what=what, carry_out=carry_out)
    return Response(recorded.body, status=recorded.status, content_type=recorded.content_type)
