"""What a program sees: an interpreter, its libraries, and nothing else of the machine."""

import json
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.sandbox.errors import SandboxError
from dialogues.guide import ProgrammingLanguage

PLACES = "/usr/bin:/usr/local/bin"
"""Where programs are looked for; a person's own interpreters are not for candidates."""

NOBODY = 65534
MEGABYTE = 1 << 20
MOST_THREADS = 32
MOST_FILES = 64
STACK_BYTES = 8 * MEGABYTE

_NAMES: dict[ProgrammingLanguage, tuple[str, ...]] = {
    "python": ("python3",),
    "javascript": ("node", "nodejs"),
}
_OWN_MEGABYTES: dict[ProgrammingLanguage, int] = {"python": 24, "javascript": 96}
"""Memory that the interpreter takes before the program does anything, generously."""

_ASK_PYTHON = """
import json, os, sys, sysconfig
stdlib = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
library = os.path.join(*map(str, sysconfig.get_config_vars("LIBDIR", "INSTSONAME")))
print(json.dumps([sorted(stdlib), library]))
"""


@dataclass(frozen=True)
class Interpreter:
    """An interpreter of this machine, with the files and folders that it needs beside it."""

    language: ProgrammingLanguage
    file: Path
    needs: tuple[Path, ...] = ()
    libraries: Path | None = None


@cache
def find_interpreter(language: ProgrammingLanguage) -> Interpreter:
    """The system's interpreter. Raises SandboxError."""
    for name in _NAMES[language]:
        found = shutil.which(name, path=PLACES)
        file = Path(found or "/").resolve()
        if file.is_relative_to("/usr") or file.is_relative_to("/opt"):
            return _python(file) if language == "python" else _node(file)
    raise SandboxError(f"{' or '.join(_NAMES[language])} is not in {PLACES}")


def _node(file: Path) -> Interpreter:
    # Debian's node keeps a part of itself there.
    shared = Path("/usr/share/nodejs")
    return Interpreter("javascript", file, (shared,) if shared.is_dir() else ())


def _python(file: Path) -> Interpreter:
    try:
        told = subprocess.run(  # noqa: S603
            [file, "-I", "-S", "-c", _ASK_PYTHON], capture_output=True, check=True, timeout=20
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise SandboxError(f"{file} does not run") from error
    folders, library = json.loads(told)
    needs = tuple(Path(folder) for folder in folders)
    if ".so" in library and Path(library).is_file() and "-linux-gnu" not in library:
        return Interpreter("python", file, (*needs, Path(library)), Path(library).parent)
    return Interpreter("python", file, needs)


def find_tool(name: str) -> str:
    """The path of bubblewrap or prlimit. Raises SandboxError."""
    found = shutil.which(name, path=PLACES)
    if found is None:
        raise SandboxError(f"{name} is not in {PLACES}")
    return found


def walls(interpreter: Interpreter) -> list[str]:
    """bubblewrap's options for the name spaces and the files. Everything is read-only: a limit on
    the size of a writable place would not limit the number of files in it."""
    return [
        *"--unshare-all --unshare-user --as-pid-1 --die-with-parent --new-session".split(),
        *f"--uid {NOBODY} --gid {NOBODY} --cap-drop ALL --hostname sandbox".split(),
        *_files(interpreter),
        *"--proc /proc --dev /dev --dir /tmp --chdir /tmp".split(),
        *_environment(interpreter),
    ]


def _files(interpreter: Interpreter) -> list[str]:
    shown = [*_system_libraries(), Path(find_tool("prlimit")), interpreter.file, *interpreter.needs]
    hidden = [
        inner
        for folder in interpreter.needs
        for inner in (folder / "site-packages", folder / "dist-packages")
        if inner.is_dir()
    ]
    options = ["--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"]
    for path in shown:
        options += ["--ro-bind", str(path), str(path)]
    for path in hidden:
        options += ["--tmpfs", str(path), "--remount-ro", str(path)]
    return options


def _system_libraries() -> list[Path]:
    folders = [Path(f"/usr/lib/{platform.machine()}-linux-gnu"), Path("/usr/lib64")]
    return [p for p in (*folders, *Path("/usr/lib").glob("ld-linux*.so*")) if p.exists()]


def _environment(interpreter: Interpreter) -> list[str]:
    variables = {
        "HOME": "/tmp",  # noqa: S108
        "LANG": "C.UTF-8",
        "PATH": "/usr/bin",
        "PYTHONHASHSEED": "0",
        "MALLOC_ARENA_MAX": "1",
        "UV_THREADPOOL_SIZE": "1",
    }
    if interpreter.libraries is not None:
        variables["LD_LIBRARY_PATH"] = str(interpreter.libraries)
    options = ["--clearenv"]
    for name, value in variables.items():
        options += ["--setenv", name, value]
    return options


_MODULE = re.compile(r"^\s*(?:import\s*[\w{*'\"]|export\s+\w)", re.MULTILINE)


def program_path(language: ProgrammingLanguage, source: str) -> str:
    """Where the program lies in the sandbox; node goes by the ending."""
    if language == "python":
        return "/program.py"
    return "/program.mjs" if _MODULE.search(source) else "/program.js"


def limited(interpreter: Interpreter, seconds: int, memory_mb: int, path: str) -> list[str]:
    """The command inside: the interpreter under limits, with the program at `path`.

    RLIMIT_DATA counts what a program writes to, not addresses it only reserves, of which node
    takes hundreds of megabytes. Memory that it does not count the filter of calls refuses.
    """
    data = (memory_mb + _OWN_MEGABYTES[interpreter.language]) * MEGABYTE
    limits = (
        f"--cpu={seconds} --data={data} --stack={STACK_BYTES} --nproc={MOST_THREADS}"
        f" --nofile={MOST_FILES} --fsize=0 --core=0 --memlock=0 --msgqueue=0"
    )
    return [find_tool("prlimit"), *limits.split(), *_interpreted(interpreter, memory_mb), path]


def _interpreted(interpreter: Interpreter, memory_mb: int) -> list[str]:
    if interpreter.language == "python":
        # -I would make it ignore PYTHONHASHSEED; there is nothing here to be isolated from.
        return [str(interpreter.file), "-s", "-S", "-B"]
    heap = f"--max-old-space-size={memory_mb}"
    return [str(interpreter.file), heap, "--v8-pool-size=1", "--random-seed=1"]
