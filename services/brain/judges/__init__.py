"""The judges by name. Strings only: nothing is imported until a worker opens it."""

CATALOGUE: dict[str, str] = {
    "ollama": "services.brain.judges.ollama:OllamaJudge",
    "openai": "services.brain.judges.openai:OpenAiJudge",
}
