"""A GPU made of numpy: as much of `tensorrt` and `pycuda.driver` as the eye uses, computing with ONNX Runtime.

It keeps the real ones' rules that are easily broken: a context must be current wherever the GPU is touched,
an input's shape must lie in the profile the engine was built for, copies go between pinned and device memory
only, and everything allocated must be freed.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors


class FakeCudaError(Exception):
    """What `pycuda.driver.Error` is."""


class FakeCuda:
    """`pycuda.driver` with `gpus` devices; `live` counts what is allocated and not freed."""

    Error = FakeCudaError

    def __init__(self, gpus: int = 1, *, broken: bool = False) -> None:
        self._gpus, self._broken = gpus, broken
        self.current: list[object] = []
        self.live = 0
        self.memory: dict[int, np.ndarray] = {}
        self._next_address = 4096
        self.Device = self._device
        self._device.__func__.count = lambda: self._gpus  # type: ignore[attr-defined]
        self.Context = SimpleNamespace(pop=self._pop)
        self.Stream = self._stream

    def init(self) -> None:
        if self._broken:
            raise FakeCudaError("no CUDA-capable device is detected")

    def _device(self, number: int) -> Any:
        return SimpleNamespace(name=lambda: f"Fake {number}", retain_primary_context=self._context)

    def _context(self) -> Any:
        self.live += 1
        context = SimpleNamespace()
        context.push = lambda: self.current.append(context)
        context.detach = self._release
        return context

    def _pop(self) -> None:
        self.current.pop()

    def _release(self) -> None:
        self.live -= 1

    def _stream(self) -> Any:
        self.need_context()
        return SimpleNamespace(handle=1, synchronize=self.need_context)

    def need_context(self) -> None:
        if not self.current:
            raise FakeCudaError("no context is current")

    def pagelocked_empty(self, shape: Sequence[int], dtype: Any) -> np.ndarray:
        self.need_context()
        return np.full(shape, 7, dtype)

    def mem_alloc(self, size: int) -> Any:
        self.need_context()
        self._next_address += size + 256
        address = self._next_address
        self.memory[address] = np.zeros(size, np.uint8)
        self.live += 1

        class Allocation(int):
            def free(allocation) -> None:  # noqa: N805
                self.need_context()
                del self.memory[address]
                self.live -= 1

        return Allocation(address)

    def memcpy_htod_async(self, device: int, host: np.ndarray, stream: object) -> None:
        self.need_context()
        raw = host.tobytes()
        self.memory[int(device)][: len(raw)] = np.frombuffer(raw, np.uint8)

    def memcpy_dtoh_async(self, host: np.ndarray, device: int, stream: object) -> None:
        self.need_context()
        host[...] = np.frombuffer(self.memory[int(device)][: host.nbytes].tobytes(), host.dtype).reshape(host.shape)


class FakeTensorRt:
    """`tensorrt`: a plan is the ONNX file's bytes, prefixed so that nothing else passes for one."""

    _MAGIC = b"plan:"

    def __init__(self, cuda: FakeCuda, *, version: str = "10.7.0", half: bool = True) -> None:
        self._cuda = cuda
        self.__version__ = version
        self.builds = 0
        self.flags: list[str] = []
        self.BuilderFlag = SimpleNamespace(FP16="fp16") if half else SimpleNamespace()
        self.MemoryPoolType = SimpleNamespace(WORKSPACE="workspace")
        self.TensorIOMode = SimpleNamespace(INPUT="input", OUTPUT="output")
        self.Logger = _logger
        self.Runtime = lambda logger: SimpleNamespace(deserialize_cuda_engine=self._load)
        self.Builder = lambda logger: SimpleNamespace(
            create_network=SimpleNamespace,
            create_builder_config=self._config,
            create_optimization_profile=lambda: SimpleNamespace(set_shape=lambda *shapes: None),
            build_serialized_network=self._build,
        )
        self.OnnxParser = self._parser
        self.nptype = lambda dtype: dtype

    def _config(self) -> Any:
        return SimpleNamespace(
            set_memory_pool_limit=lambda pool, size: None,
            set_flag=self.flags.append,
            add_optimization_profile=lambda profile: self.flags.append("profile"),
        )

    def _parser(self, network: Any, logger: object) -> Any:
        def parse(path: str) -> bool:
            with open(path, "rb") as file:
                network.model = file.read()
            try:
                session = ort.InferenceSession(network.model)
            except (ort_errors.InvalidProtobuf, ort_errors.Fail):
                return False
            first = session.get_inputs()[0]
            network.get_input = lambda i: SimpleNamespace(name=first.name, shape=_shape(first.shape))
            return True

        error = SimpleNamespace(desc=lambda: "unsupported operator")
        return SimpleNamespace(parse_from_file=parse, num_errors=1, get_error=lambda i: error)

    def _build(self, network: Any, config: Any) -> bytes:
        self.builds += 1
        return self._MAGIC + network.model

    def _load(self, plan: bytes) -> Any:
        self._cuda.need_context()
        if not bytes(plan).startswith(self._MAGIC):
            return None
        return _FakeEngine(self._cuda, ort.InferenceSession(bytes(plan)[len(self._MAGIC) :]))


class _FakeEngine:
    def __init__(self, cuda: FakeCuda, session: Any) -> None:
        self._cuda, self._session = cuda, session
        self._tensors = [*session.get_inputs(), *session.get_outputs()]
        self.num_io_tensors = len(self._tensors)

    def get_tensor_name(self, i: int) -> str:
        return str(self._tensors[i].name)

    def get_tensor_mode(self, name: str) -> str:
        return "input" if name in {tensor.name for tensor in self._session.get_inputs()} else "output"

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return _shape(next(tensor.shape for tensor in self._tensors if tensor.name == name))

    def get_tensor_dtype(self, name: str) -> Any:
        return np.float32

    def create_execution_context(self) -> Any:
        return _FakeContext(self._cuda, self, self._session)


class _FakeContext:
    def __init__(self, cuda: FakeCuda, engine: _FakeEngine, session: Any) -> None:
        self._cuda, self._session = cuda, session
        self._input = session.get_inputs()[0].name
        self._shape = engine.get_tensor_shape(self._input)
        self._addresses: dict[str, int] = {}

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        self._shape = shape
        return True

    def set_tensor_address(self, name: str, address: int) -> bool:
        self._addresses[name] = address
        return True

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return tuple(self._run(np.zeros(self._shape, np.float32)).shape)

    def execute_async_v3(self, stream: int) -> bool:
        self._cuda.need_context()
        size = int(np.prod(self._shape)) * 4
        raw = self._cuda.memory[self._addresses[self._input]][:size]
        result = self._run(raw.view(np.float32).reshape(self._shape)).tobytes()
        output = self._cuda.memory[self._addresses[self._session.get_outputs()[0].name]]
        output[: len(result)] = np.frombuffer(result, np.uint8)
        return True

    def _run(self, tensor: np.ndarray) -> np.ndarray:
        return np.asarray(self._session.run(None, {self._input: tensor})[0])


def _logger(level: str) -> object:
    return object()


_logger.WARNING = "warning"  # type: ignore[attr-defined]


def _shape(shape: Sequence[object]) -> tuple[int, ...]:
    return tuple(size if isinstance(size, int) else -1 for size in shape)
