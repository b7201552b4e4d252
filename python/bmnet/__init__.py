"""The compilers of BMNet from Python: thin wrappers over the programs of the same names.

Each front end is a module of its own (bmnetc, bmnetd, bmneto ...), as in the original tool chain:

    import bmneto
    bmneto.compile(model="net.onnx", shapes=[[1, 3, 224, 224]], outdir="out", target="BM1684")

or `python3 -m bmneto --model=net.onnx --outdir=out`.
"""

import os
import pathlib
import shutil
import subprocess


class CompileError(RuntimeError):
    """A compiler ended with an error; `code` is its exit code (1 error, 2 usage, 3 the comparison failed)."""

    def __init__(self, program, code, message):
        super().__init__(message or f"{program} ended with exit code {code}")
        self.code = code


def find_program(name):
    """The program's path: $BMNET_BIN, the checkout's build/bin beside this package, or the search path."""
    beside = pathlib.Path(__file__).resolve().parent.parent.parent / "build" / "bin"
    for folder in (os.environ.get("BMNET_BIN"), beside):
        if folder and (pathlib.Path(folder) / name).is_file():
            return str(pathlib.Path(folder) / name)
    found = shutil.which(name)
    if not found:
        raise FileNotFoundError(f"{name} is not built: run scripts/build, or set BMNET_BIN to the folder that holds it")
    return found


def _text(value):
    """A Python value in the syntax of the flags."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        if all(isinstance(item, str) for item in value):
            return ",".join(value)
        return "[" + ",".join(_text(item) for item in value) + "]"
    return str(value)


def arguments(**options):
    """The command line for keyword options; None means the default."""
    return [f"--{name}={_text(value)}" for name, value in options.items() if value is not None]


def compiler(program):
    """The compile function of one front end."""

    def compile(model=None, **options):  # the original's name
        line = [find_program(program), *arguments(model=model, **options)]
        done = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        print(done.stdout, end="")
        if done.returncode:
            raise CompileError(program, done.returncode, done.stderr.strip())

    compile.__doc__ = f"Compiles a model with {program}; keyword options are its flags. Raises CompileError."
    return compile


def main(program, command_line):
    """Runs the program in place of this process's work and returns its exit code."""
    return subprocess.call([find_program(program), *command_line])
