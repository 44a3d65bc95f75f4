from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest
from argon2 import PasswordHasher
from redis import Redis

from shared.domain.camera import CameraState, CameraStatus
from shared.messages.camera_status import status_fields
from shared.messages.topics import CAMERA_STATUS, LIVENESS
from tests.conftest import PROJECT
from tests.integration.gateway.server import Server, StartServer, environment, free_port
from tests.processes import Processes
from tests.unit.gateway.installation import PASSWORD, RTSP, START

BODY = {"name": "a", "rtsp_url": RTSP}


def test_several_workers_serve_one_installation(server: Server) -> None:
    """Many clients at once: every write is there once, under an id of its own, whichever worker took it."""

    def add(_: int) -> str:
        with server.client() as client:
            answer = client.post("/cameras", json=BODY)
            assert answer.status_code in (201, 409), answer.text
            return str(answer.json().get("id", ""))

    with ThreadPoolExecutor(8) as pool:
        made = [slug for slug in pool.map(add, range(24)) if slug]
    assert len(set(made)) == len(made)
    with server.client() as client:
        listed = client.get("/cameras").json()
    assert {camera["id"] for camera in listed["cameras"]} >= set(made)
    assert len(psutil.Process(server.child.pid).children()) == 2


def test_the_limit_holds_over_all_workers_to_the_request(start: StartServer) -> None:
    """Many clients at once: exactly as many are answered as the limit says, whichever worker they meet."""
    server = start(ARGUS_GATEWAY__RATE_LIMIT_KEY="40", ARGUS_GATEWAY__RATE_LIMIT_BASIC="10 per hour")

    def ask(_: int) -> tuple[int, int]:
        with server.client() as client:
            answer = client.get("/auth/keys")
            return answer.status_code, int(answer.headers["X-RateLimit-Remaining"])

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(60)))
    assert sorted(left for status, left in answers if status == 200) == list(range(40))
    assert [left for status, left in answers if status != 200] == [0] * 20
    assert {status for status, _ in answers} == {200, 429}
    with server.client("bob") as client, server.client(None, auth=("alice", PASSWORD)) as other:
        assert client.get("/cameras").headers["X-RateLimit-Remaining"] == "39"
        assert [other.get("/cameras").status_code for _ in range(11)] == [200] * 10 + [429]
    counted = httpx.get(f"{server.url}/metrics").text
    assert 'route="/auth/keys",status="429"} 20.0' in counted


def test_one_order_sent_to_all_workers_at_once_is_carried_out_once(server: Server) -> None:
    def add(_: int) -> tuple[int, str]:
        with server.client() as client:
            answer = client.post("/cameras", json=BODY, headers={"Idempotency-Key": "once"})
            return answer.status_code, answer.text

    with server.client() as client:
        before = client.get("/cameras").json()["total"]
        with ThreadPoolExecutor(8) as pool:
            answers = set(pool.map(add, range(8)))
        assert len(answers) == 1
        assert answers.pop()[0] == 201
        assert client.get("/cameras").json()["total"] == before + 1


def test_metrics_count_the_requests_of_all_workers(server: Server) -> None:
    def ask(_: int) -> None:
        with server.client() as client:
            client.get("/auth/keys")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(20)))
    text = httpx.get(f"{server.url}/metrics").text
    line = 'argus_http_requests_total{dialect="cctv_smart",method="GET",route="/auth/keys",status="200"} 20.0'
    assert line in text


def test_a_stop_waits_for_no_idle_connection_and_leaves_nobody_behind(
    start: StartServer, wait_until: Callable[..., object]
) -> None:
    server = start()
    with server.client() as client:
        assert client.get("/cameras").status_code == 200  # a kept-alive connection must not hold the stop up
        workers = psutil.Process(server.child.pid).children()
        server.child.send_signal(signal.SIGTERM)
        assert server.child.wait(30) == 0
    wait_until(lambda: not any(_is_alive(worker) for worker in workers), 30)
    assert "Traceback" not in server.log.read_text()


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_worker_that_is_killed_is_replaced(start: StartServer, wait_until: Callable[..., object]) -> None:
    server = start()
    master = psutil.Process(server.child.pid)
    victim = master.children()[0]
    victim.kill()
    wait_until(lambda: victim.pid not in [p.pid for p in master.children()] and len(master.children()) == 2, 60)

    def answers() -> bool:
        try:
            with server.client() as client:
                return client.get("/cameras").status_code == 200
        except httpx.TransportError:
            return False

    wait_until(answers, 60)


def test_a_sign_of_life_is_given_and_waiting_zones_are_settled(
    start: StartServer, redis: Redis, wait_until: Callable[..., object]
) -> None:
    server = start()
    wait_until(lambda: list(redis.scan_iter(LIVENESS.format(service="gateway", instance="*"))), 60)
    zone = {"name": "z", "points": [[0, 0], [100, 0], [100, 100]], "sensitivity": 0.5}
    with server.client() as client:
        client.post("/cameras", json={**BODY, "id": "cam_1", "zones": [zone]})
        status = CameraStatus(CameraState.STREAMING, START, width=200, height=200)
        redis.hset(CAMERA_STATUS.format(slug="cam_1"), mapping=status_fields(status))  # type: ignore[arg-type]
        wait_until(lambda: b"SyncCamera" in str(redis.xrange("commands")).encode() and _settled(client), 60)
        assert client.get("/cameras/cam_1").json()["zones"] == [zone]


def _settled(client: httpx.Client) -> bool:
    # Drawn on 1920x1080, told 200x200: once settled, another resolution moves the zone with the picture.
    return bool(client.get("/cameras/cam_1").json()["resolution"] == "200x200")


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
        (b"GET\r\n\r\n", b"400"),
        (b"GET / HTTP/9.9\r\n\r\n", b"400"),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"b" * 9000 + b"\r\n\r\n", b"431"),
        (b"POST /cameras HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", b"400"),
        (
            b"POST /cameras HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"400",
        ),
    ],
)
def test_what_is_not_http_is_refused_in_json(server: Server, raw: bytes, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(raw)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split()[1] == status
    assert b"application/json" in head
    refusal = json.loads(body)
    assert refusal["error"] == "invalid_request"
    # Whose client it is nobody knows: VisionFlow's and SecureVision's find their words, too.
    assert (refusal["status"], refusal["error_code"]) == ("error", "VALIDATION_ERROR")
    assert refusal["detail"] == refusal["message"]


def test_a_large_body_gets_its_413_and_the_server_goes_on(server: Server) -> None:
    with server.client() as client:
        answer = client.post("/cameras", content=b"x" * 5 * 1024 * 1024, headers={"Content-Type": "application/json"})
        assert answer.status_code == 413
        assert answer.json()["error"] == "payload_too_large"
        assert client.get("/cameras").status_code == 200


def test_a_body_of_unknown_length_is_limited_too(server: Server) -> None:
    def endless() -> object:
        for _ in range(3 * 1024):
            yield b"x" * 1024

    with server.client() as client:
        answer = client.post("/cameras", content=endless(), headers={"Content-Type": "application/json"})  # type: ignore[arg-type]
        assert answer.status_code == 413


def test_clients_that_stop_in_the_middle_give_their_threads_back(server: Server) -> None:
    lazy = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(8)]
    try:
        for connection in lazy:
            connection.sendall(b"POST /cameras HTTP/1.1\r\nHost: x\r\n")
        with server.client() as client:
            assert client.get("/cameras", timeout=60).status_code == 200
    finally:
        for connection in lazy:
            connection.close()


def test_a_dialect_has_a_port_of_its_own(start: StartServer) -> None:
    port = free_port()
    server = start(ARGUS_GATEWAY__DIALECT_PORTS=f"cctv_smart={port},iris={free_port()}")
    assert httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
    assert httpx.get(f"http://127.0.0.1:{port}/nothing").json()["error"] == "not_found"
    assert "dialect_not_available" in server.log.read_text()


def test_a_port_in_use_is_one_line_before_anything_is_started(tmp_path: Path, redis_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = _run(environment(tmp_path / "data", redis_url, port=port))
    assert done.returncode == 2
    assert done.stderr.count("\n") <= 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"argus gateway: gateway.port: 127.0.0.1:{port} cannot be used")
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"ARGUS_GATEWAY__DIALECT_PORTS": "visionflo=5000"}, "did you mean 'visionflow'"),
        ({"ARGUS_GATEWAY__HOST": "192.0.2.1"}, "gateway.port: 192.0.2.1"),
        ({"ARGUS_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"}, "database"),
        ({"ARGUS_GATEWAY__RATE_LIMIT_KEY": "often"}, "rate_limit_key: must be a number per hour, or such as"),
        ({"ARGUS_ADMIN_PASSWORD": "short"}, "password: is shorter than 8 characters"),
    ],
)
def test_what_cannot_work_is_said_in_one_line(tmp_path: Path, redis_url: str, more: dict[str, str], said: str) -> None:
    done = _run({**environment(tmp_path / "data", redis_url, port=free_port()), **more})
    assert done.returncode == 2, done.stderr
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr + done.stdout


def _run(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.gateway"],
        env=Processes().environment(env),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=200,
    )


def test_on_an_empty_installation_the_first_password_is_printed_once_and_works(start: StartServer) -> None:
    server = start(empty=True)
    (line,) = [line for line in server.log.read_text().splitlines() if "one-time password" in line]
    password = line.rpartition(" ")[2]
    made = httpx.post(f"{server.url}/auth/keys", json={"name": "first"}, auth=("admin", password))
    assert made.status_code == 201
    assert httpx.get(f"{server.url}/cameras", headers={"X-API-Key": made.json()["key"]}).status_code == 200


def test_a_hundred_requests_with_a_password_are_not_a_hundred_hashes(server: Server) -> None:
    one_hash_s = _give_a_costly_hash(server, "alice")
    before = _cpu_s(server)
    with server.client(None, auth=("alice", PASSWORD)) as client:
        for _ in range(100):
            assert client.get("/cameras").status_code == 200
    # A hash takes tens of milliseconds of CPU: a hundred of them would take several seconds.
    assert _cpu_s(server) - before < one_hash_s * 100


def _cpu_s(server: Server) -> float:
    workers = psutil.Process(server.child.pid).children()
    return sum(times.user + times.system for times in (worker.cpu_times() for worker in workers))


def _give_a_costly_hash(server: Server, who: str) -> float:
    """Hash the account's password at the cost it has outside of tests; the CPU seconds that took."""
    began = time.process_time()
    costly = PasswordHasher().hash(PASSWORD)
    took_s = time.process_time() - began
    with closing(sqlite3.connect(server.log.parent / "data" / "argus.db")) as database, database:
        database.execute("UPDATE accounts SET password_hash = ? WHERE username = ?", (costly, who))
    return took_s


def test_reads_go_on_while_redis_is_away_and_health_says_so(start: StartServer) -> None:
    silent = socket.create_server(("127.0.0.1", 0))  # takes connections and never answers
    held: list[socket.socket] = []
    thread = threading.Thread(target=_accept_forever, args=(silent, held), daemon=True)
    thread.start()
    server = start(ARGUS_REDIS_URL=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
    began = time.monotonic()
    health = httpx.get(f"{server.url}/health", timeout=20)
    took_s = time.monotonic() - began
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert health.json()["components"]["redis"] == "unavailable"
    assert took_s < 10  # one time-out of half a second for each part; nothing waits for an answer
    with server.client() as client:
        assert client.get("/cameras").status_code == 200
        assert client.post("/cameras", json=BODY).status_code == 201
        began = time.monotonic()
        answers = [client.get("/cameras") for _ in range(100)]
        assert {answer.status_code for answer in answers} == {200}
        # One time-out of half a second for each pause of a second, in either worker, and not one per request.
        assert time.monotonic() - began < 40
    assert all(answer.headers["X-RateLimit-Remaining"] == "100000" for answer in answers)
    # Of either worker, and of the parts that have connections of their own.
    assert server.log.read_text().count("redis_unavailable") <= 4
    silent.close()
    for connection in held:
        connection.close()


def _accept_forever(listener: socket.socket, held: list[socket.socket]) -> None:
    while True:
        try:
            held.append(listener.accept()[0])
        except OSError:
            return
