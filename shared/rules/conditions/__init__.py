"""The kinds of condition by name. Strings only: nothing is imported until a rule asks for it."""

CATALOGUE = {
    "count": "shared.rules.conditions.count:CountCondition",
    "finding": "shared.rules.conditions.finding:FindingCondition",
    "line": "shared.rules.conditions.line:LineCondition",
    "presence": "shared.rules.conditions.presence:PresenceCondition",
}
