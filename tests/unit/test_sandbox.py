"""Programs run in the sandbox: what they get, and what hostile ones do not get."""

import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bot import sandbox
from bot.sandbox import enclosure, runner
from bot.sandbox.process import execute
from bot.sandbox.seccomp import MACHINES
from dialogues.guide import CodeTask, ProgrammingLanguage
from scoring.rubric import ProgramTest
from tests.helpers import ROOT

BOTH: tuple[ProgrammingLanguage, ...] = ("python", "javascript")
WITHOUT = {language: sandbox.missing(language) for language in BOTH}


def needs(*languages: ProgrammingLanguage) -> pytest.MarkDecorator:
    reasons = [f"no sandbox for {name}: {WITHOUT[name]}" for name in languages if WITHOUT[name]]
    return pytest.mark.skipif(bool(reasons), reason="; ".join(reasons))


needs_python = needs("python")
needs_node = needs("javascript")


def in_both(**sources: str) -> pytest.MarkDecorator:
    """One program in each language."""
    cases = [
        pytest.param(language, sources[language], id=language, marks=needs(language))
        for language in BOTH
    ]
    return pytest.mark.parametrize(("language", "source"), cases)


def try_out(
    source: str,
    output: str = "",
    *,
    language: ProgrammingLanguage = "python",
    given: str = "",
    seconds: float = 2,
    memory_mb: int = 64,
) -> sandbox.TestRun:
    """The run of a program in one example test that wants `output`."""
    program = sandbox.Program(language, source, 0, len(source))
    test = ProgramTest(id="only", input=given, output=output, example=True)
    task = CodeTask(languages=list(BOTH), seconds=seconds, memory_mb=memory_mb)
    [run] = sandbox.run(program, [test], task)
    return run


def assert_prints(
    source: str, output: str, language: ProgrammingLanguage = "python", given: str = ""
) -> None:
    run = try_out(source, output, language=language, given=given)
    assert (run.verdict, run.detail) == ("passed", "")


# What a program gets.

DOUBLE = {
    "python": "print(int(input()) * 2)",
    "javascript": "console.log(Number(require('fs').readFileSync(0, 'utf8')) * 2)",
}


@in_both(**DOUBLE)
def test_each_test_gets_its_verdict(language: ProgrammingLanguage, source: str) -> None:
    program = sandbox.Program(language, source, 0, len(source))
    tests = [
        ProgramTest(id="two", input="2", output="4\n\n", example=True),
        ProgramTest(id="windows", input="3\r\n", output="6 \r\n"),
        ProgramTest(id="wrong", input="4", output="9", example=True),
    ]
    runs = sandbox.run(program, tests, CodeTask(languages=[language]))
    assert [(run.test, run.verdict, run.example) for run in runs] == [
        ("two", "passed", True),
        ("windows", "passed", False),
        ("wrong", "wrong_output", True),
    ]
    assert all(0 < run.seconds < 2 and run.detail == "" for run in runs)


@in_both(
    python="a = input()\nprint(a)\nraise ValueError('坏\\x1b[31m' + 'x' * 500)",
    javascript="console.log('1')\nthrow new RangeError('坏\\x1b[31m' + 'x'.repeat(500))",
)
def test_a_program_that_fails_tells_an_example_why(
    language: ProgrammingLanguage, source: str
) -> None:
    run = try_out(source, "1", language=language, given="1")
    name, line = ("ValueError", 3) if language == "python" else ("RangeError", 2)
    assert run.verdict == "failed"
    assert run.detail == f"line {line}: {name}: 坏[31m{'x' * 500}"[:200]


@needs_python
def test_only_examples_tell_why() -> None:
    program = sandbox.Program("python", "1 / 0", 0, 5)
    [run] = sandbox.run(program, [ProgramTest(id="a", output="")], CodeTask(languages=["python"]))
    assert (run.verdict, run.detail) == ("failed", "")


@in_both(python="print('a'", javascript="console.log('a'")
def test_a_program_with_a_slip_of_the_pen_fails(language: ProgrammingLanguage, source: str) -> None:
    run = try_out(source, "a", language=language)
    assert run.verdict == "failed"
    assert run.detail.startswith("line 1: SyntaxError: ")


@pytest.mark.parametrize(
    "source",
    [
        "process.stdin.on('data', d => console.log(String(d)))",
        "const rl = require('readline').createInterface({input: process.stdin})\n"
        "rl.on('line', l => console.log(l))",
        "console.log(require('fs').readFileSync('/dev/stdin', 'utf8'))",
        "import fs from 'fs'\nfs.writeFileSync('/dev/stdout', fs.readFileSync(0))",
        "new (require('worker_threads').Worker)('console.log(\"好 1\")', {eval: true})",
    ],
)
@needs_node
def test_node_reads_and_writes_in_every_usual_way(source: str) -> None:
    assert_prints(source, "好 1", "javascript", given="好 1")


@pytest.mark.parametrize(
    "source",
    [
        "import sys\nprint(*sys.stdin)",
        "print(open('/dev/stdin').read())\n",
        "open('/dev/stdout', 'w').write(input())",
        "import threading\nthreading.Thread(target=lambda: print(input())).start()",
        "import asyncio\nasync def main():\n    print(input())\nasyncio.run(main())",
        "import collections, heapq, math, re, random, decimal, json, hashlib, zoneinfo\n"
        "print(input())",
    ],
)
@needs_python
def test_python_reads_and_writes_in_every_usual_way(source: str) -> None:
    assert_prints(source, "好 1", given="好 1")


@needs_python
def test_the_same_program_does_the_same_again() -> None:
    assert_prints("import sys\nprint(sys.flags.hash_randomization)", "0")


@in_both(
    python="print(len(open(0).read()))",
    javascript="console.log(require('fs').readFileSync(0, 'utf8').length)",
)
def test_a_long_program_and_a_long_input(language: ProgrammingLanguage, source: str) -> None:
    comment = "# " if language == "python" else "// "
    long = (source + "\n" + comment).ljust(20_000, "好")
    assert_prints(long, "100000", language, given="行" * 100_000)


@in_both(python="print(input())", javascript="console.log(require('fs').readFileSync(0, 'utf8'))")
def test_a_long_output_that_is_wanted(language: ProgrammingLanguage, source: str) -> None:
    assert_prints(source, "行" * 100_000, language, given="行" * 100_000)


@in_both(python="print('done')", javascript="console.log('done')")
def test_input_need_not_be_read(language: ProgrammingLanguage, source: str) -> None:
    assert_prints(source, "done", language, given="行" * 100_000)


@needs_python
def test_output_that_is_not_utf8_is_wrong() -> None:
    source = "import sys\nsys.stdout.buffer.write(b'\\xff\\xfe')"
    assert try_out(source, "\ufffd\ufffd").verdict == "wrong_output"


# Limits.


@in_both(python="while True: pass", javascript="for (;;);")
def test_an_endless_loop(language: ProgrammingLanguage, source: str) -> None:
    assert try_out(source, language=language, seconds=0.3).verdict == "time_limit"


@in_both(
    python="import os, signal, time\n"
    "for s in set(signal.Signals) - {9, 19}: signal.signal(s, signal.SIG_IGN)\n"
    "for f in range(3): os.close(f)\n"
    "while True: time.sleep(100)",
    javascript="setInterval(() => 0, 1000)",
)
def test_a_program_that_sleeps(language: ProgrammingLanguage, source: str) -> None:
    assert try_out(source, language=language, seconds=0.05).verdict == "time_limit"


@in_both(
    python="data = []\nwhile True: data.append(bytearray(1 << 20))",
    javascript="const data = []; for (;;) data.push(Buffer.alloc(1 << 20, 1))",
)
def test_much_memory(language: ProgrammingLanguage, source: str) -> None:
    assert try_out(source, language=language).verdict == "memory_limit"


@needs_node
def test_many_objects() -> None:
    source = "const data = []; for (;;) data.push({at: data.length, text: [data.length]})"
    assert try_out(source, language="javascript", seconds=10).verdict == "memory_limit"


@in_both(
    python="data = bytearray(30 << 20)\nprint('done')",
    javascript="const data = Buffer.alloc(30 << 20, 1); console.log('done')",
)
def test_memory_within_the_least_limit(language: ProgrammingLanguage, source: str) -> None:
    assert try_out(source, "done", language=language, memory_mb=32).verdict == "passed"


@in_both(
    python="while True: print('x' * 1000)",
    javascript="for (;;) require('fs').writeSync(1, 'x'.repeat(1000))",
)
def test_endless_output(language: ProgrammingLanguage, source: str) -> None:
    assert try_out(source, language=language).verdict == "output_limit"


@in_both(
    python="import sys\nwhile True: sys.stderr.write('x' * 1000)",
    javascript="for (;;) require('fs').writeSync(2, 'x'.repeat(1000))",
)
def test_endless_error_output(language: ProgrammingLanguage, source: str) -> None:
    assert try_out(source, language=language).verdict == "output_limit"


@needs_python
def test_all_tests_together_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "overall_seconds", lambda tests, task: 1e-3)
    tests = [ProgramTest(id=name, output="1") for name in ("first", "second")]
    runs = sandbox.run(
        sandbox.Program("python", "print(1)", 0, 8), tests, CodeTask(languages=["python"])
    )
    assert [run.verdict for run in runs] == ["passed", "time_limit"]


def test_the_limit_of_all_tests_leaves_room_for_every_honest_program() -> None:
    task = CodeTask(languages=["python"], seconds=2)
    assert runner.overall_seconds(1, task) == 5
    assert runner.overall_seconds(10, task) == 32


# What a program sees.


@in_both(
    python="import os\nprint(*sorted(os.listdir('/')))\nprint(*sorted(os.environ))\n"
    "print(os.getcwd(), os.listdir('/tmp'))",
    javascript="console.log(require('fs').readdirSync('/').sort().join(' '))\n"
    "console.log(Object.keys(process.env).sort().join(' '))\n"
    "console.log(process.cwd(), require('fs').readdirSync('/tmp'))",
)
def test_there_is_nothing_but_the_interpreter(
    language: ProgrammingLanguage, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIANTAN_MASTER_KEY", "secret")
    if enclosure.find_interpreter(language).libraries:
        pytest.skip("this interpreter needs a variable more")
    ending = "py" if language == "python" else "js"
    assert_prints(
        source,
        f"dev lib lib64 proc program.{ending} tmp usr\n"
        "HOME LANG MALLOC_ARENA_MAX PATH PWD PYTHONHASHSEED UV_THREADPOOL_SIZE\n/tmp []",
        language,
    )


SECRETS = ["/etc/shadow", "/etc/passwd", "/root", "/home", "/var", "/run", "/sys", "/boot", "/mnt"]


@in_both(
    python="import os\nfor path in input().split('|'):\n"
    "    try:\n        os.stat(path)\n        print(path)\n    except FileNotFoundError: pass",
    javascript="const fs = require('fs')\n"
    "for (const path of fs.readFileSync(0, 'utf8').split('|')) "
    "if (fs.existsSync(path)) console.log(path)",
)
def test_files_outside_are_not_there(
    language: ProgrammingLanguage, source: str, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    here = [str(ROOT), str(ROOT / "scoring/rubrics"), str(secret), str(Path.home()), sys.prefix]
    wanted = "|".join(["/program.none", *SECRETS, *here])
    assert_prints(source, "", language, given=wanted)


@needs_python
def test_the_environment_of_the_server_is_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIANTAN_MASTER_KEY", "very-secret")
    source = (
        "import glob\n"
        "for path in glob.glob('/proc/[0-9]*/environ'):\n"
        "    data = open(path, 'rb').read()\n"
        "    print(len(data) > 0, b'very-secret' in data, b'MIANTAN' in data)"
    )
    assert_prints(source, "True False False")


@needs_python
def test_no_installed_package_can_be_read() -> None:
    source = (
        "import os\n"
        "for folder, inner, files in os.walk('/usr'):\n"
        "    if folder.endswith('-packages'): print(*inner, *files)"
    )
    assert_prints(source, "")


@needs_python
def test_packages_beside_the_interpreter_are_hidden() -> None:
    here = enclosure.find_interpreter("python")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "site-packages/ours").mkdir(parents=True)
        (folder / "seen").mkdir()
        folder.chmod(0o755)
        beside = replace(here, needs=(*here.needs, folder))
        source = "import os\nfor place, *inner in os.walk(input()): print(inner)"
        task = CodeTask(languages=["python"])
        ending = execute(beside, source, name, task, most_output=1_000)
    lines = ending.output.decode().splitlines()
    assert len(lines) == 3, "the folder, what is seen, and the empty place of the packages"
    assert lines[1:] == ["[[], []]", "[[], []]"]


@needs_python
def test_there_is_one_process_without_powers() -> None:
    source = (
        "import os\n"
        "print(os.getuid(), os.geteuid(), os.getgid(), os.getgroups(), os.getpid())\n"
        "print([p for p in os.listdir('/proc') if p.isdigit()])\n"
        "names = ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp')\n"
        "for line in open('/proc/self/status'):\n"
        "    name, value = line.split(':')\n"
        "    if name in names: print(int(value, 16))\n"
        "print(sorted(os.listdir('/proc/self/fd'))[:4], socket_names())\n"
    ).replace("socket_names()", "os.uname().nodename")
    assert_prints(
        source, "65534 65534 65534 [] 1\n['1']\n0\n0\n0\n0\n0\n1\n2\n['0', '1', '2', '3'] sandbox"
    )


# What a program cannot do.

PLACES = [
    *("/x", "/tmp/x", "/dev/x", "/dev/shm/x", "/usr/x", "/usr/bin/x", "/usr/lib/x", "/proc/x"),
    *("/program.py", "/program.js", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger"),
    *("/proc/sys/kernel/hostname", "/proc/1/root/x", "/proc/self/cwd/x"),
]


@in_both(
    python="import os\nfor path in input().split('|'):\n"
    "    for write in (lambda: open(path, 'w').write('1'), lambda: os.mkdir(path),\n"
    "                  lambda: os.symlink('a', path), lambda: os.mkfifo(path)):\n"
    "        try:\n            write()\n            print(path)\n"
    "        except OSError: pass",
    javascript="const fs = require('fs')\n"
    "for (const path of fs.readFileSync(0, 'utf8').split('|'))\n"
    "  for (const write of [() => fs.writeFileSync(path, '1'), () => fs.mkdirSync(path),\n"
    "                       () => fs.symlinkSync('a', path)])\n"
    "    try { write(); console.log(path) } catch {}",
)
def test_nothing_can_be_written(language: ProgrammingLanguage, source: str, tmp_path: Path) -> None:
    places = [*PLACES, str(tmp_path / "x"), str(ROOT / "x")]
    assert_prints(source, "", language, given="|".join(places))
    assert list(tmp_path.iterdir()) == []


FORKS = """
import ctypes, os, subprocess, multiprocessing
libc = ctypes.CDLL(None, use_errno=True)
def clone():
    if libc.syscall(int(input()), 17, 0, 0, 0, 0) < 0: raise OSError(ctypes.get_errno())
for start in (os.fork, os.forkpty, clone,
              lambda: subprocess.run(["/usr/bin/prlimit"]),
              lambda: os.posix_spawn("/usr/bin/prlimit", ["prlimit"], {}),
              lambda: multiprocessing.Process(target=print).start()):
    try:
        start()
        print("started", start)
    except OSError:
        print("refused")
"""


@needs_python
def test_python_starts_no_process() -> None:
    clone = MACHINES[platform.machine()].clone
    assert_prints(FORKS, "refused\n" * 6, given=str(clone))


@needs_node
def test_node_starts_no_process() -> None:
    source = (
        "const c = require('child_process')\n"
        "console.log(c.spawnSync('/usr/bin/prlimit').error.code)\n"
        "try { c.spawn(process.execPath); console.log('ran') } catch (e) { console.log(e.code) }\n"
        "try { c.execSync('true'); console.log('ran') } catch { console.log('refused') }"
    )
    assert_prints(source, "EPERM\nEPERM\nrefused", "javascript")


@needs_python
def test_a_fork_bomb_is_an_endless_loop() -> None:
    source = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    before = psutil.Process().children(recursive=True)
    assert try_out(source, seconds=0.2).verdict == "time_limit"
    assert psutil.Process().children(recursive=True) == before


@needs_python
def test_threads_are_few() -> None:
    source = (
        "import threading\n"
        "stop = threading.Event()\n"
        "try:\n"
        "    for count in range(1000): threading.Thread(target=stop.wait).start()\n"
        "except RuntimeError: print(count)\n"
        "stop.set()"
    )
    assert try_out(source, str(enclosure.MOST_THREADS - 1), memory_mb=512).verdict == "passed"


@needs_python
def test_forbidden_calls_are_refused() -> None:
    refused = MACHINES[platform.machine()].refused
    source = (
        "import ctypes, errno\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "for number in map(int, input().split()):\n"
        "    done = libc.syscall(number, 0, 0, 0, 0, 0, 0)\n"
        "    print(number, done, errno.errorcode[ctypes.get_errno()])"
    )
    numbers = sorted(refused.values())
    assert len(numbers) > 40
    expected = "\n".join(f"{number} -1 EPERM" for number in numbers)
    assert_prints(source, expected, given=" ".join(map(str, numbers)))


@needs_python
def test_memory_that_no_limit_counts_is_refused() -> None:
    source = (
        "import mmap, os\n"
        "zero = os.open('/dev/zero', os.O_RDWR)\n"
        "for make in (lambda: mmap.mmap(-1, 1 << 30), lambda: os.memfd_create('x'),\n"
        "             lambda: mmap.mmap(zero, 1 << 30)):\n"
        "    try: print(make())\n"
        "    except OSError: print('refused')"
    )
    assert_prints(source, "refused\n" * 3)


NETWORK = {
    "python": (
        "import socket\n"
        "port = int(input())\n"
        "for go in (lambda: socket.create_connection(('127.0.0.1', port), 1),\n"
        "           lambda: socket.create_connection(('::1', port), 1),\n"
        "           lambda: socket.getaddrinfo('example.com', 80),\n"
        "           lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),\n"
        "           lambda: socket.socket(socket.AF_UNIX)):\n"
        "    try:\n        go()\n        print('connected')\n"
        "    except OSError: print('refused')"
    ),
    "javascript": (
        "const port = Number(require('fs').readFileSync(0, 'utf8'))\n"
        "const say = e => console.log(e ? 'refused' : 'connected')\n"
        "require('net').connect(port, '127.0.0.1', () => say()).on('error', say)\n"
        "require('net').connect(port, '::1', () => say()).on('error', say)\n"
        "require('dns').lookup('example.com', say)\n"
        "fetch(`http://127.0.0.1:${port}`).then(() => say(), say)\n"
        "require('net').createServer().on('error', say).listen(0, () => say())"
    ),
}


@in_both(**NETWORK)
def test_there_is_no_network(language: ProgrammingLanguage, source: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert_prints(source, "refused\n" * 5, language, given=str(port))
        server.setblocking(False)  # Nobody is waiting to be let in.
        with pytest.raises(BlockingIOError):
            server.accept()


@needs_python
def test_the_only_network_card_is_its_own() -> None:
    source = (
        "lines = open('/proc/self/net/dev').read().splitlines()[2:]\n"
        "print([line.split(':')[0].strip() for line in lines])\n"
        "print(len(open('/proc/self/net/route').read().splitlines()))"
    )
    assert_prints(source, "['lo']\n1")


# What is left of a program.

CLINGING = """
import ctypes, os, signal, time
open("/proc/self/comm", "w").write({name!r})
libc = ctypes.CDLL(None)
libc.prctl(1, 0, 0, 0, 0)
for s in set(signal.Signals) - {{9, 19}}: signal.signal(s, signal.SIG_IGN)
for f in range(3, 64):
    try: os.close(f)
    except OSError: pass
while True: time.sleep(100)
"""


def called(name: str) -> list[psutil.Process]:
    return [process for process in psutil.process_iter(["name"]) if process.info["name"] == name]


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@needs_python
def test_nothing_is_left_of_a_program() -> None:
    name, files = f"cling-{os.getpid()}", open_files()
    before = psutil.Process().children(recursive=True)
    assert try_out(CLINGING.format(name=name), seconds=0.05).verdict == "time_limit"
    assert called(name) == []
    assert psutil.Process().children(recursive=True) == before
    assert open_files() == files


STARTING = """
import sys
from bot import sandbox
from dialogues.guide import CodeTask
from scoring.rubric import ProgramTest
program = sandbox.Program("python", sys.argv[1], 0, len(sys.argv[1]))
sandbox.run(program, [ProgramTest(id="a", output="")], CodeTask(languages=["python"], seconds=10))
"""


@needs_python
def test_a_program_dies_with_the_server() -> None:
    name = f"orphan-{os.getpid()}"
    command = [sys.executable, "-c", STARTING, CLINGING.format(name=name)]
    with subprocess.Popen(command, cwd=ROOT) as server:
        while not (running := called(name)):
            assert server.poll() is None
            os.sched_yield()
        server.send_signal(signal.SIGKILL)
    gone, alive = psutil.wait_procs(running, timeout=20)
    assert (len(gone), alive) == (1, [])


@needs_python
def test_several_at_once() -> None:
    verdicts: list[str] = []

    def one(number: int) -> None:
        verdicts.append(try_out("print(input())", str(number), given=str(number)).verdict)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts == ["passed"] * 8


# When the sandbox itself fails.


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine with nothing installed but what a test puts into this folder."""
    enclosure.find_interpreter.cache_clear()
    runner.forget()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setattr(enclosure, "PLACES", folder)
        yield Path(folder)
    enclosure.find_interpreter.cache_clear()
    runner.forget()


@needs_python
def test_a_failure_that_passes_is_forgotten(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not sandbox.available("python")
    monkeypatch.setattr(enclosure, "PLACES", "/usr/bin:/usr/local/bin")
    assert sandbox.available("python")
    assert try_out("print(1)").verdict == "wrong_output"


@needs_python
def test_after_three_tests_out_of_time_the_others_are_not_run() -> None:
    source = "import time\nn = int(input())\nwhile n > 0: pass\nprint(n)"
    tests = [ProgramTest(id=f"t{n}", input=str(n), output="0") for n in (1, 0, 1, 1, 0, 0)]
    task = CodeTask(languages=["python"], seconds=0.2)
    program = sandbox.read_program(f"```python\n{source}\n```", ["python"])
    assert program is not None
    verdicts = [run.verdict for run in sandbox.run(program, tests, task)]
    assert verdicts == ["time_limit", "passed", *["time_limit"] * 4]


def test_without_an_interpreter(elsewhere: Path) -> None:
    assert not sandbox.available()
    assert sandbox.missing("python") == f"python3 is not in {elsewhere}"
    assert sandbox.missing("javascript") == f"node or nodejs is not in {elsewhere}"


@needs_python
def test_without_bubblewrap(elsewhere: Path) -> None:
    (elsewhere / "python3").symlink_to("/usr/bin/python3")
    (elsewhere / "prlimit").symlink_to("/usr/bin/prlimit")
    assert sandbox.missing("python") == f"bwrap is not in {elsewhere}"
    with pytest.raises(sandbox.SandboxError, match="bwrap is not in"):
        try_out("print(1)")


@needs_python
def test_bubblewrap_that_fails_says_why(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enclosure, "PLACES", f"{elsewhere}:/usr/bin")
    script = "#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n"
    (elsewhere / "bwrap").write_text(script, encoding="utf-8")
    (elsewhere / "bwrap").chmod(0o755)
    assert not sandbox.available("python")
    assert sandbox.missing("python") == (
        "bubblewrap failed: No permissions to create new namespace"
    )


@needs_python
def test_a_program_cannot_pass_for_a_failure_of_the_sandbox() -> None:
    codes = (1, 126, 127, 139)
    runs = [try_out(f"import os\nos._exit({code})") for code in codes]
    assert [run.verdict for run in runs] == ["failed"] * len(codes)
