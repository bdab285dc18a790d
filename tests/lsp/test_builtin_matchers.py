"""pipe_rpc/lsp/builtin_matchers.py: what tools write, and what is found in it."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipe_rpc.limits import Limits
from pipe_rpc.lsp.builtin_matchers import BUILTIN_MATCHERS
from pipe_rpc.lsp.compiled_matchers import CompiledMatchers
from pipe_rpc.lsp.problem_matcher import Problem, Severity
from pipe_rpc.session.searches import Searches
from tests.lsp.matching import problems
from tests.support.available import unavailable

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

Found = tuple[str, int, int | None, Severity, str, str]
"""File, line, column, severity, code, message."""

SAMPLES: list[tuple[str, str, list[Found]]] = [
    (
        "$gcc",
        """\
In file included from src/main.c:1:
src/inc/a.h:7:10: fatal error: missing.h: No such file or directory
    7 | #include <missing.h>
      |          ^~~~~~~~~~~
compilation terminated.
src/main.c: In function 'main':
src/main.c:3:10: error: 'missing' undeclared (first use in this function)
src/main.c:3:10: note: each undeclared identifier is reported only once for each function it appears in
src/main.c:2:7: warning: unused variable 'unused' [-Wunused-variable]
src/main.c:9: warning: "M" redefined
cc1: all warnings being treated as errors
make: *** [Makefile:2: main.o] Error 1
""",
        [
            ("src/inc/a.h", 7, 10, ERROR, "", "missing.h: No such file or directory"),
            ("src/main.c", 3, 10, ERROR, "", "'missing' undeclared (first use in this function)"),
            ("src/main.c", 2, 7, WARNING, "-Wunused-variable", "unused variable 'unused'"),
            ("src/main.c", 9, None, WARNING, "", '"M" redefined'),
        ],
    ),
    (
        "$clang",
        """\
a.c:3:10: error: use of undeclared identifier 'missing'
  return missing;
         ^
a.c:2:7: warning: unused variable 'unused' [-Wunused-variable]
1 warning and 1 error generated.
""",
        [
            ("a.c", 3, 10, ERROR, "", "use of undeclared identifier 'missing'"),
            ("a.c", 2, 7, WARNING, "-Wunused-variable", "unused variable 'unused'"),
        ],
    ),
    (
        "$cargo",
        """\
   Compiling demo v0.1.0 (/src/demo)
warning: unused variable: `x`
 --> src/main.rs:2:9
  |
2 |     let x = 1;
  |         ^ help: if this is intentional, prefix it with an underscore: `_x`
  |
  = note: `#[warn(unused_variables)]` on by default

error[E0308]: mismatched types
  --> src/main.rs:13:18
   |
13 |     let z: i32 = "é";
   |            ---   ^^^ expected `i32`, found `&str`
   |            |
   |            expected due to this

error: aborting due to 1 previous error; 1 warning emitted

For more information about this error, try `rustc --explain E0308`.
error: could not compile `demo` (bin "demo") due to 1 previous error; 1 warning emitted
""",
        [
            ("src/main.rs", 2, 9, WARNING, "", "unused variable: `x`"),
            ("src/main.rs", 13, 18, ERROR, "E0308", "mismatched types"),
        ],
    ),
    (
        "$tsc",
        """\
src/app.ts(12,7): error TS2322: Type 'string' is not assignable to type 'number'.
src/b.ts:3:1 - error TS2304: Cannot find name 'foo'.

3 foo();
  ~~~

Found 2 errors in 2 files.
""",
        [
            ("src/app.ts", 12, 7, ERROR, "TS2322", "Type 'string' is not assignable to type 'number'."),
            ("src/b.ts", 3, 1, ERROR, "TS2304", "Cannot find name 'foo'."),
        ],
    ),
    (
        "$eslint-stylish",
        """\

/src/app/one.js
   1:10  error    'addOne' is defined but never used            no-unused-vars
  12:5   warning  Unexpected console statement                  no-console
   3:1   error    Parsing error: Unexpected token

/src/app/two.js
  4:7  warning  Missing semicolon  semi

✖ 4 problems (2 errors, 2 warnings)
""",
        [
            ("/src/app/one.js", 1, 10, ERROR, "no-unused-vars", "'addOne' is defined but never used"),
            ("/src/app/one.js", 12, 5, WARNING, "no-console", "Unexpected console statement"),
            ("/src/app/one.js", 3, 1, ERROR, "", "Parsing error: Unexpected token"),
            ("/src/app/two.js", 4, 7, WARNING, "semi", "Missing semicolon"),
        ],
    ),
    (
        "$eslint-compact",
        """\
/src/app/one.js: line 1, col 10, Error - 'addOne' is defined but never used. (no-unused-vars)
/src/app/one.js: line 3, col 1, Warning - Parsing went (mostly) well.

2 problems
""",
        [
            ("/src/app/one.js", 1, 10, ERROR, "no-unused-vars", "'addOne' is defined but never used."),
            ("/src/app/one.js", 3, 1, WARNING, "", "Parsing went (mostly) well."),
        ],
    ),
    (
        "$pyright",
        """\
/src/a.py
  /src/a.py:2:12 - error: Type "int" is not assignable to return type "str"
    "int" is not assignable to "str" (reportReturnType)
  /src/a.py:5:3 - warning: Import "x" is not accessed (reportUnusedImport)
  /src/a.py:6:1 - information: Nothing much
1 error, 1 warning, 1 information
""",
        [
            ("/src/a.py", 2, 12, ERROR, "", 'Type "int" is not assignable to return type "str"'),
            ("/src/a.py", 5, 3, WARNING, "reportUnusedImport", 'Import "x" is not accessed'),
            ("/src/a.py", 6, 1, INFO, "", "Nothing much"),
        ],
    ),
    (
        "$go",
        """\
# example.com/demo
./main.go:5:2: undefined: x
vet: ./main.go:9:13: not enough arguments in call to f
--- FAIL: TestSum (0.00s)
    sum_test.go:10: Sum(1, 2) = 4; want 3
FAIL
""",
        [
            ("./main.go", 5, 2, ERROR, "", "undefined: x"),
            ("./main.go", 9, 13, ERROR, "", "not enough arguments in call to f"),
            ("sum_test.go", 10, None, ERROR, "", "Sum(1, 2) = 4; want 3"),
        ],
    ),
    (
        "$javac",
        """\
Main.java:3: warning: [rawtypes] found raw type: List
  void f() { List x = null; int y = missing; }
             ^
  missing type arguments for generic class List<E>
src/Main.java:3: error: cannot find symbol
  void f() { List x = null; int y = missing; }
                                    ^
  symbol:   variable missing
1 error
1 warning
""",
        [
            ("Main.java", 3, None, WARNING, "rawtypes", "found raw type: List"),
            ("src/Main.java", 3, None, ERROR, "", "cannot find symbol"),
        ],
    ),
    (
        "$pytest",
        """\
FF                                                                       [100%]
=================================== FAILURES ===================================
/src/test_it.py:5: assert [1, 2] == [1, 3]
/src/test_it.py:9: ValueError: broken
=============================== warnings summary ===============================
test_it.py::test_a
  /src/test_it.py:3: DeprecationWarning: old
/src/plugin.py:306: PytestDeprecationWarning: unset.
""",
        [
            ("/src/test_it.py", 5, None, ERROR, "", "assert [1, 2] == [1, 3]"),
            ("/src/test_it.py", 9, None, ERROR, "", "ValueError: broken"),
        ],
    ),
    (
        "$pytest",
        """\
==================================== ERRORS ====================================
__________________________ ERROR collecting test_s.py __________________________
/usr/lib/python3.11/ast.py:50: in parse
    return compile(source, filename, mode, flags,
E     File "/src/test_s.py", line 1
E       def x(:
E             ^
E   SyntaxError: invalid syntax
=========================== short test summary info ============================
ERROR test_s.py
""",
        [("/src/test_s.py", 1, None, ERROR, "", "SyntaxError: invalid syntax")],
    ),
    (
        "$mypy",
        """\
a.py:2: error: Incompatible return value type (got "int", expected "str")  [return-value]
a.py:5:3:5:6: error: Argument 1 to "f" has incompatible type "str"; expected "int"  [arg-type]
a.py:9:1: note: See https://mypy.readthedocs.io/en/stable/running_mypy.html#missing-imports
Found 2 errors in 1 file (checked 1 source file)
""",
        [
            ("a.py", 2, None, ERROR, "return-value", 'Incompatible return value type (got "int", expected "str")'),
            ("a.py", 5, 3, ERROR, "arg-type", 'Argument 1 to "f" has incompatible type "str"; expected "int"'),
            ("a.py", 9, 1, INFO, "", "See https://mypy.readthedocs.io/en/stable/running_mypy.html#missing-imports"),
        ],
    ),
]

BOLD, RED, PINK, PLAIN = "\x1b[01m\x1b[K", "\x1b[01;31m\x1b[K", "\x1b[01;35m\x1b[K", "\x1b[m\x1b[K"
GCC_IN_COLOURS = (
    f"{BOLD}a.c:{PLAIN} In function '{BOLD}main{PLAIN}':\n"
    f"{BOLD}a.c:3:10:{PLAIN} {RED}error: {PLAIN}'{BOLD}missing{PLAIN}' undeclared (first use in this function)\n"
    f"    3 |   return {RED}missing{PLAIN};\n"
    f"      |          {RED}^~~~~~~{PLAIN}\n"
    f"{BOLD}a.c:2:7:{PLAIN} {PINK}warning: {PLAIN}unused variable '{BOLD}unused{PLAIN}' "
    f"[{PINK}-Wunused-variable{PLAIN}]\n"
)


def told(found: list[Problem]) -> list[Found]:
    return [(each.file, each.line, each.column, each.severity, each.code, each.message) for each in found]


@pytest.mark.parametrize(("name", "text", "expected"), SAMPLES, ids=[name for name, _, _ in SAMPLES])
def test_what_a_tool_writes_is_found(name: str, text: str, expected: list[Found]) -> None:
    matchers = BUILTIN_MATCHERS[name]
    assert told(problems(matchers, text)) == expected
    assert {each.source for each in problems(matchers, text)} == {matchers[0].source}


@pytest.mark.parametrize("name", BUILTIN_MATCHERS)
def test_a_matcher_finds_nothing_in_what_no_tool_complains_in(name: str) -> None:
    text = "make: Entering directory '/src'\ngcc -O2 -c a.c\n\n12:30: lunch\nerror\nwarning: nothing\n   ok\nDone.\n"
    assert problems(BUILTIN_MATCHERS[name], text) == []


@pytest.mark.parametrize("name", BUILTIN_MATCHERS)
def test_a_matcher_with_a_name_is_within_the_default_limits(name: str) -> None:
    compiled = CompiledMatchers(BUILTIN_MATCHERS[name], "params", Searches(Limits()), Limits())
    assert 0 < compiled.size <= Limits().max_matchers_size
    compiled.close()


def test_gcc_in_colours_is_understood() -> None:
    found = told(problems(BUILTIN_MATCHERS["$gcc"], GCC_IN_COLOURS))
    assert found == [
        ("a.c", 3, 10, ERROR, "", "'missing' undeclared (first use in this function)"),
        ("a.c", 2, 7, WARNING, "-Wunused-variable", "unused variable 'unused'"),
    ]


# ------------------------------------------------------------------------------ tools that are there, as they write now


def written_by(tmp_path: Path, module: str, *arguments: str) -> bytes:
    """What a tool in Python writes, to both streams; a developer may lack it."""
    if importlib.util.find_spec(module) is None:
        unavailable(f"there is no {module}; run: pip install -e '.[dev]'")
    command = [sys.executable, "-m", module, *arguments]
    ended = subprocess.run(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False
    )
    return ended.stdout


def test_mypy_itself_is_understood(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f(x: int) -> str:\n    return x\n")
    config = ["--config-file=", "--cache-dir", os.devnull]
    text = written_by(tmp_path, "mypy", *config, "--show-column-numbers", "--show-error-end", "a.py")
    [problem] = problems(BUILTIN_MATCHERS["$mypy"], text)
    assert (problem.file, problem.line, problem.column, problem.code) == ("a.py", 2, 12, "return-value")


PYTEST_LINES = [(5, "assert [1, 2] == [1, 3]"), (9, "ValueError: broken"), (14, "FileNotFoundError: [Errno 2] x")]


@pytest.mark.parametrize("style", ["--color=yes", "--tb=short"])
def test_pytest_itself_is_understood(tmp_path: Path, style: str) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n\ndef test_a():\n    value = [1, 2]\n    assert value == [1, 3]\n\n\n"
        "def test_b():\n    raise ValueError('broken\\nin two')\n\n\n"
        "@pytest.fixture\ndef bad():\n    raise OSError(2, 'x')\n\n\ndef test_c(bad):\n    pass\n"
    )
    plain = ["-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", "-q", "-c", os.devnull, "--rootdir", "."]
    text = written_by(tmp_path, "pytest", *plain, style, "test_it.py")
    found = [(each.line, each.message) for each in problems(BUILTIN_MATCHERS["$pytest"], text)]
    assert sorted(found) == PYTEST_LINES, text.decode()
