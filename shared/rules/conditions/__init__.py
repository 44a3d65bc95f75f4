"""The kinds of condition by name. Strings only: nothing is imported until a rule asks for it."""

CATALOGUE = {
    "finding": "shared.rules.conditions.finding:FindingCondition",
    "presence": "shared.rules.conditions.presence:PresenceCondition",
}
