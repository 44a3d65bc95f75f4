"""The kinds of condition by name. Strings only: nothing is imported until a rule asks for it."""

CATALOGUE = {
    "presence": "shared.rules.conditions.presence:PresenceCondition",
}
