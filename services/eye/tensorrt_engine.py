"""A YOLO network compiled by TensorRT, on one GPU, with a CUDA stream and pinned buffers of its own.

The modules `tensorrt` and `pycuda.driver` are handed in, so that importing this costs and needs nothing.
Written for TensorRT 10 and 11: tensors go by name, networks are always of explicit batch. Half precision is a flag
of the builder in 10; since 11 a network's own types decide, so the model itself is converted first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.eye.engine_cache import engine_path, write_whole
from services.eye.half_precision import NotHalved, half_model
from shared.domain.errors import UserError
from shared.observability import get_logger

log = get_logger("eye.tensorrt")

_ELSE = "use the backend onnx, or other weights"


@dataclass(frozen=True, slots=True)
class Build:
    """What an engine is built from: `input_size` is (width, height), `folder` is where engines are kept.

    `fp16` asks for half precision; a model for which that cannot be had (a quantized one) keeps its own types.
    """

    model: str
    onnx: Path
    folder: Path
    input_size: tuple[int, int]
    max_batch: int
    fp16: bool
    workspace_mib: int


class Engine:
    """Write pictures into `tensor` [batch, 3, height, width], `run`, read what it returns.

    Building takes minutes; it happens once per model, GPU model and TensorRT version.
    """

    def __init__(self, trt: ModuleType, cuda: ModuleType, *, build: Build, gpu: int) -> None:
        self._trt, self._cuda, self._build = trt, cuda, build
        device = open_device(cuda, gpu)
        self._cuda_context = device.retain_primary_context()
        try:
            with self._current():
                self._logger = trt.Logger(trt.Logger.WARNING)
                self._runtime = trt.Runtime(self._logger)
                self._engine = self._load_or_build(device.name())
                self._context = self._engine.create_execution_context()
                self._stream = cuda.Stream()
                self._input, self._output = self._names()
                self._fixed, shape = self._input_shape()
                if not self._fixed:
                    self._context.set_input_shape(self._input, shape)
                self.output_shape = tuple(self._context.get_tensor_shape(self._output))
                self.tensor, self._device_input = self._buffers(self._input, shape)
                self._host_output, self._device_output = self._buffers(self._output, self.output_shape)
        except BaseException:
            self._cuda_context.detach()
            raise

    def run(self, pictures: int) -> NDArray[np.float32]:
        """The output for the first `pictures` rows of `tensor`. Blocks until the GPU is done."""
        rows = len(self.tensor) if self._fixed else pictures
        cuda, stream = self._cuda, self._stream
        with self._current():
            if not self._fixed:
                self._context.set_input_shape(self._input, (rows, *self.tensor.shape[1:]))
            cuda.memcpy_htod_async(self._device_input, self.tensor[:rows], stream)
            if not self._context.execute_async_v3(stream.handle):
                raise RuntimeError("TensorRT refused to run the engine")
            cuda.memcpy_dtoh_async(self._host_output[:rows], self._device_output, stream)
            stream.synchronize()
        return self._host_output[:rows].astype(np.float32, copy=False)

    def close(self) -> None:
        """Free what lies on the GPU, in the order in which it depends on each other."""
        with self._current():
            self._device_input.free()
            self._device_output.free()
            del self.tensor, self._host_output
            del self._context, self._engine, self._runtime, self._stream
        self._cuda_context.detach()

    @contextmanager
    def _current(self) -> Iterator[None]:
        """The GPU's context belongs to one thread at a time: take it only while it is used."""
        self._cuda_context.push()
        try:
            yield
        finally:
            self._cuda.Context.pop()

    def _load_or_build(self, gpu: str) -> Any:
        build, trt = self._build, self._trt
        half = build.fp16 and hasattr(trt.BuilderFlag, "FP16")
        onnx = self._halved() if build.fp16 and not half else build.onnx
        path = engine_path(
            build.folder,
            model=onnx,
            gpu=gpu,
            version=trt.__version__,
            variant=f"{'fp16' if half else 'own'}-b{build.max_batch}",
        )
        engine = self._runtime.deserialize_cuda_engine(path.read_bytes()) if path.is_file() else None
        if engine is not None:
            return engine
        log.info("engine_build_started", model=build.model, gpu=gpu, fp16=half or onnx != build.onnx, path=str(path))
        plan = self._compile(onnx, half=half)
        self._keep(path, plan)
        engine = self._runtime.deserialize_cuda_engine(plan)
        if engine is None:
            raise UserError(f"model {build.model}", "TensorRT cannot load the engine it built", remedy=_ELSE)
        log.info("engine_build_finished", model=build.model)
        return engine

    def _halved(self) -> Path:
        build = self._build
        try:
            return half_model(build.onnx, build.folder)
        except NotHalved as reason:
            log.warning("half_precision_not_possible", model=build.model, reason=str(reason))
            return build.onnx

    def _keep(self, path: Path, plan: Any) -> None:
        try:
            write_whole(path, memoryview(plan))
        except OSError as error:  # it works without, only each start takes minutes
            log.warning("engine_not_kept", path=str(path), reason=str(error))

    def _compile(self, onnx: Path, *, half: bool) -> Any:
        build, trt = self._build, self._trt
        builder = trt.Builder(self._logger)
        network = builder.create_network()
        parser = trt.OnnxParser(network, self._logger)
        if not parser.parse_from_file(str(onnx)):
            reason = parser.get_error(0).desc() if parser.num_errors else "no reason given"
            raise UserError(f"model {build.model}", f"TensorRT cannot read it ({reason})", remedy=_ELSE)
        config = builder.create_builder_config()
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, build.workspace_mib << 20)
        if half:
            config.set_flag(trt.BuilderFlag.FP16)
        first = network.get_input(0)
        if -1 in tuple(first.shape):
            smallest, largest = ((batch, 3, *reversed(build.input_size)) for batch in (1, build.max_batch))
            profile = builder.create_optimization_profile()
            profile.set_shape(first.name, smallest, largest, largest)
            config.add_optimization_profile(profile)
        plan = builder.build_serialized_network(network, config)
        if plan is None:
            raise UserError(f"model {build.model}", "TensorRT cannot build an engine of it", remedy=_ELSE)
        return plan

    def _names(self) -> tuple[str, str]:
        engine, mode = self._engine, self._trt.TensorIOMode
        names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
        inputs = [name for name in names if engine.get_tensor_mode(name) == mode.INPUT]
        outputs = [name for name in names if engine.get_tensor_mode(name) == mode.OUTPUT]
        if len(inputs) != 1 or len(outputs) != 1:
            raise UserError(
                f"model {self._build.model}",
                f"it should have one input and one output, it has {', '.join(inputs)} → {', '.join(outputs)}",
                remedy="use weights of a layout that can be read (yolox, yolov8)",
            )
        return inputs[0], outputs[0]

    def _input_shape(self) -> tuple[bool, tuple[int, int, int, int]]:
        """Whether the batch is fixed, and the shape of the largest input."""
        batch, *rest = tuple(self._engine.get_tensor_shape(self._input))
        width, height = self._build.input_size
        if any(has not in (-1, wants) for has, wants in zip(rest, (3, height, width), strict=True)):
            raise UserError(
                f"model {self._build.model}",
                f"its input is {rest}, not [3, {height}, {width}]",
                remedy="give the input size the weights were exported with",
            )
        fixed = batch != -1
        return fixed, (batch if fixed else self._build.max_batch, 3, height, width)

    def _buffers(self, tensor: str, shape: tuple[int, ...]) -> tuple[NDArray[Any], Any]:
        """A pinned array here and its counterpart on the GPU, bound to a tensor."""
        dtype = self._trt.nptype(self._engine.get_tensor_dtype(tensor))
        host: NDArray[Any] = self._cuda.pagelocked_empty(shape, dtype)
        host[:] = 0
        device = self._cuda.mem_alloc(host.nbytes)
        self._context.set_tensor_address(tensor, int(device))
        return host, device


def open_device(cuda: ModuleType, number: int) -> Any:
    """The GPU of that number. Raises `UserError` where there is none."""
    try:
        cuda.init()
        count = cuda.Device.count()
    except cuda.Error as error:
        raise UserError(
            "detector tensorrt", f"no NVIDIA GPU can be used ({error})", remedy="use the backend onnx or auto"
        ) from None
    if number >= count:
        raise UserError("tensorrt.gpu", f"there is no GPU {number}, only {count}", remedy="numbers start at 0")
    return cuda.Device(number)
