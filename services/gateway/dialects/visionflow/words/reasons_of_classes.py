"""What is wrong with the classes that an area is to look for."""

from __future__ import annotations

from typing import Final

REASONS: Final = {
    r"holds (.*), which the model does not know – did you mean (.*)\? there is (.*)": (
        "含有模型不認得的 {0}，您是指 {1}？可用的有：{2}",
        "contient {0}, que le modèle ne connaît pas – vouliez-vous dire {1} ? il y a {2}",
        "содержит {0}, чего модель не знает – возможно, {1}? есть {2}",
    ),
    "holds (.*), which the model does not know – there is (.*)": (
        "含有模型不認得的 {0}，可用的有：{1}",
        "contient {0}, que le modèle ne connaît pas – il y a {1}",
        "содержит {0}, чего модель не знает – есть {1}",
    ),
}
"""By a pattern of the core's own words, which are English: Chinese, French, Russian. `{0}` is the first group."""
