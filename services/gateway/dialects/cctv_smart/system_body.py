"""The forms of what is told of the system."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class CpuShown(BaseModel):
    """`temp_celsius` is null where nothing measures it."""

    percent: float | None = Field(examples=[35.2])
    cores: int = Field(examples=[16])
    temp_celsius: float | None = Field(examples=[58])


class SpaceShown(BaseModel):
    used_gb: float | None = Field(examples=[6.4])
    total_gb: float | None = Field(examples=[16])
    percent: float | None = Field(examples=[40])


class GpuShown(BaseModel):
    """Without a GPU everything but `available` and `count` is null."""

    available: bool
    model: str | None = Field(examples=["NVIDIA RTX 4080"])
    memory_used_gb: float | None = Field(examples=[4.2])
    memory_total_gb: float | None = Field(examples=[24])
    utilization_percent: int | None = Field(examples=[65])
    count: int = Field(examples=[1])


class RedisShown(BaseModel):
    """The lengths of the queues, null while Redis does not answer."""

    connected: bool
    queue_gemma: int | None = Field(examples=[5])
    queue_modules: int | None = Field(examples=[2])


class ServiceShown(BaseModel):
    service: str = Field(examples=["eye"])
    instance: str = Field(examples=["eye-0"])
    uptime_hours: float = Field(examples=[42.5])


class StreamShown(BaseModel):
    """How far whoever reads the stream is behind: messages taken and not done with, and seconds of untaken ones."""

    unacknowledged: int = Field(examples=[0])
    lag_seconds: float = Field(examples=[0.0])


class StatsBody(BaseModel):
    """`uptime_hours` is that of the oldest service that lives."""

    cpu: CpuShown
    memory: SpaceShown
    gpu: GpuShown
    disk: SpaceShown
    redis: RedisShown
    uptime_hours: float = Field(examples=[42.5])
    services: list[ServiceShown]
    streams: dict[str, StreamShown] = Field(examples=[{"presences": {"unacknowledged": 0, "lag_seconds": 0.0}}])


class SystemShown(BaseModel):
    name: str = Field(examples=["CCTV Smart"])
    environment: str = Field(examples=["production"])


class HardwareShown(BaseModel):
    """`tier` is A (8 cores and 16 GB or more), B (4 cores and 8 GB) or C (less)."""

    tier: str = Field(examples=["A"])
    cpu_cores: int = Field(examples=[16])
    ram_gb: float = Field(examples=[16])


class EyeShown(BaseModel):
    """`fps` is how many pictures a second are looked at while something moves."""

    fps: float = Field(examples=[1])
    yolo_model: str = Field(examples=["yolov8m"])


class ConfigBody(BaseModel):
    """`settings` is null for all but administrators; secrets in it are `***`."""

    system: SystemShown
    hardware: HardwareShown
    eye: EyeShown
    modules_enabled: list[str] = Field(examples=[["bytetrack", "fire_smoke", "ppe"]])
    cameras_count: int = Field(examples=[4])
    rules_count: int = Field(examples=[12])
    settings: dict[str, Any] | None = Field(examples=[{"log": {"level": "INFO"}}])
