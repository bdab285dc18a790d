"""The problem matchers that have a name."""

from collections.abc import Mapping

from pipe_rpc.lsp.problem_matcher import LinePattern, ProblemMatcher


def _pattern(regexp: str, captures: str = "", *, loops: bool = False, many: bool = False) -> LinePattern:
    """``captures``: what each group takes, in their order."""
    groups = tuple((name, number) for number, name in enumerate(captures.split(), start=1))
    return LinePattern(regexp, groups, loops=loops, many=many)


_GCC = ProblemMatcher(
    "gcc",
    (
        _pattern(
            r"^(.+?):(\d+)(?::(\d+))?:\s+(?:fatal )?(error|warning):\s+(.*?)(?:\s\[(-W[^\]]+)\])?$",
            "file line column severity message code",
        ),
    ),
)
_RUSTC = ProblemMatcher(
    "rustc",
    (
        _pattern(r"^(error|warning)(?:\[(\w+)\])?: (.*)$", "severity code message"),
        _pattern(r"^\s*--> (.+):(\d+):(\d+)$", "file line column"),
    ),
)
_TSC = ProblemMatcher(
    "tsc",
    (
        _pattern(
            r"^(\S.*)[(:](\d+)[,:](\d+)(?:\):\s+|\s+-\s+)(error|warning|info)\s+(TS\d+)\s*:\s*(.*)$",
            "file line column severity code message",
        ),
    ),
)
_ESLINT_STYLISH = ProblemMatcher(
    "eslint",
    (
        _pattern(r"^([./\\]+.*?)$", "file"),
        _pattern(
            r"^\s+(\d+):(\d+)\s+(error|warning|info)\s+(.+?)(?:\s\s+(.*))?$",
            "line column severity message code",
            loops=True,
        ),
    ),
)
_ESLINT_COMPACT = ProblemMatcher(
    "eslint",
    (
        _pattern(
            r"^(.+): line (\d+), col (\d+), (Error|Warning|Info) - (.+?)(?: \((.+)\))?$",
            "file line column severity message code",
        ),
    ),
)
_PYTEST_LONG = ProblemMatcher(
    "pytest",
    (
        _pattern(r"^E\s+(.+)$", "message"),
        _pattern(r"^E", many=True),
        _pattern(r"^$"),
        _pattern(r"^(\S.*?\.py):(\d+): (\w[\w.]*)$", "file line code"),
    ),
)
_PYTEST_SHORT = ProblemMatcher(
    "pytest",
    (
        _pattern(r"^(\S.*?\.py):(\d+): in ", "file line"),
        _pattern(r"^ ", many=True),
        _pattern(r"^E   (\S.*)$", "message"),
    ),
)
_PYTEST_LINE = ProblemMatcher(
    "pytest",
    (
        _pattern(
            r"^(\S.*?\.py):(\d+): (assert .*|\w*(?:Error|Exception|Failed|Exit|Interrupt): .*)$", "file line message"
        ),
    ),
)
_PYTEST_SYNTAX = ProblemMatcher(
    "pytest",
    (
        _pattern(r'^E\s+File "(.+)", line (\d+)$', "file line"),
        _pattern(r"^E", many=True),
        _pattern(r"^E\s+(\w+Error: .*)$", "message"),
    ),
)
_MYPY = ProblemMatcher(
    "mypy",
    (
        _pattern(
            r"^(.+?\.pyi?):(\d+)(?::(\d+))?(?::\d+:\d+)?: (error|warning|note): (.*?)(?:  \[([\w-]+)\])?$",
            "file line column severity message code",
        ),
    ),
)
_PYRIGHT = ProblemMatcher(
    "pyright",
    (
        _pattern(
            r"^\s*(\S.*?):(\d+):(\d+) - (error|warning|information): (.*?)(?: \((report\w+)\))?$",
            "file line column severity message code",
        ),
    ),
)
_GO = ProblemMatcher("go", (_pattern(r"^\s*(?:vet: )?(\S+\.go):(\d+)(?::(\d+))?: (.*)$", "file line column message"),))
_JAVAC = ProblemMatcher(
    "javac",
    (
        _pattern(
            r"^(.+\.java):(\d+): (error|warning):(?: \[([\w-]+)\])? (.*)$",
            "file line severity code message",
        ),
    ),
)

BUILTIN_MATCHERS: Mapping[str, tuple[ProblemMatcher, ...]] = {
    "$gcc": (_GCC,),
    "$clang": (_GCC._replace(source="clang"),),
    "$rustc": (_RUSTC,),
    "$cargo": (_RUSTC,),
    "$tsc": (_TSC,),
    "$eslint-stylish": (_ESLINT_STYLISH,),
    "$eslint-compact": (_ESLINT_COMPACT,),
    "$pytest": (_PYTEST_LONG, _PYTEST_SHORT, _PYTEST_LINE, _PYTEST_SYNTAX),
    "$mypy": (_MYPY,),
    "$pyright": (_PYRIGHT,),
    "$go": (_GO,),
    "$javac": (_JAVAC,),
}
"""By name; some tools write in several ways."""
