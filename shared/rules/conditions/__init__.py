"""The kinds of condition by name. Strings only: nothing is imported until a rule asks for it."""

CATALOGUE = {
    "absence": "shared.rules.conditions.absence:AbsenceCondition",
    "all": "shared.rules.conditions.all:AllCondition",
    "any": "shared.rules.conditions.any:AnyCondition",
    "count": "shared.rules.conditions.count:CountCondition",
    "finding": "shared.rules.conditions.finding:FindingCondition",
    "line": "shared.rules.conditions.line:LineCondition",
    "not": "shared.rules.conditions.negation:NotCondition",
    "presence": "shared.rules.conditions.presence:PresenceCondition",
    "sequence": "shared.rules.conditions.sequence:SequenceCondition",
    "speed": "shared.rules.conditions.speed:SpeedCondition",
}
