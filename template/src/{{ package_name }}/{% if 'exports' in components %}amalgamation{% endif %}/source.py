"""The C source and its header: the plain graph as emx-onnx-cgen writes it, and a function that takes a row as callers have it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import onnx

from ..predictor.encoding import layout_of
from ..predictor.predictor import Predictor
from .plain import NotPlainError, plain, vocabulary

WRITER = "emx-onnx-cgen"
#: All numbers stand in the source, however many there are.
_ALL_INSIDE = 2**62
#: What is made of what the writer writes: no comments, since they are longer than the code; no numbers from other files;
#: nothing but the one function that others can see; and tables that are not laid on the stack anew for each row.
_OWN = [
    (re.compile(r"/\*.*?\*/\s*", re.DOTALL), ""),
    (re.compile(r"^_Bool \w+_load\(.*?^\}\n", re.DOTALL | re.MULTILINE), ""),
    (re.compile(r"^(?:extern )?const ", re.MULTILINE), "static const "),
    (re.compile(r"^void ", re.MULTILINE), "static void "),
    (re.compile(r"^    const (u?int\d+_t|float|double) (\w+\[)", re.MULTILINE), r"    static const \1 \2"),
]
_SHORTEST, _LETTERS = 0x20, 0x7F

_HEADER = """\
/* {about}
 *
 * numbers: one float a column, NaN where it is missing; a boolean is 0 or 1. In this order:
{numbers}
 * categories: one word a column, UTF-8, "" where it is missing; NULL if there is no such column. In this order:
{categories}
 * outputs: {outputs}
 * Returns {returns}. It keeps nothing between calls, and can be called from several threads.
 */
#ifndef {guard}
#define {guard}

#ifdef __cplusplus
extern "C" {{
#endif

int {name}_predict(const float *numbers, const char *const *categories, float *outputs);

#ifdef __cplusplus
}}
#endif

#endif
"""
_CALL = """\

static const char *const {name}_words[{count}] = {{
{words}
}};

/* The place of a word among those that the model tells apart, or -1; they stand in the order of their bytes. */
static int64_t {name}_place(const char *word) {{
    int low = 0, high = {last};
    while (low <= high) {{
        const int middle = (low + high) / 2;
        const int order = strcmp(word, {name}_words[middle]);
        if (order == 0) {{ return middle; }}
        if (order < 0) {{ high = middle - 1; }} else {{ low = middle + 1; }}
    }}
    return -1;
}}

int {name}_predict(const float *numbers, const char *const *categories, float *outputs) {{
{body}
}}
"""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Both files, and the name that their functions begin with."""

    name: str
    code: str
    header: str


def source_of(content: bytes, exported: Predictor) -> Source:
    """One C99 file that needs the standard library alone, and its header.

    Args:
        content: the exported graph.
        exported: the same, read.

    Raises:
        NotPlainError: something in the graph has no form in C; says what.
    """
    from emx_onnx_cgen.compiler import Compiler, CompilerOptions
    from emx_onnx_cgen.errors import CompilerError

    model = onnx.load_from_string(content)
    words, name = vocabulary(model), re.sub(r"\W", "_", exported.name)
    if any("\0" in word for word in words):
        raise NotPlainError("a category has a word with a NUL in it, at which C's texts end")
    # As C compares them.
    words.sort(key=str.encode)
    try:
        row = plain(model, words)
        options = CompilerOptions(
            model_name=f"{name}_graph", large_weight_threshold=_ALL_INSIDE, large_temp_threshold_bytes=_ALL_INSIDE
        )
        code = Compiler(options).compile(row)
    except (CompilerError, onnx.shape_inference.InferenceError) as error:
        raise NotPlainError(str(error).partition("\n")[0]) from error
    for pattern, instead in _OWN:
        code = pattern.sub(instead, code)
    about = f"{exported.name} {exported.version}, for one row at a time; written by {WRITER} {version(WRITER)}."
    header = _header(exported, name, about)
    return Source(
        name=name, code=f'/* {about} */\n#include "{name}.h"\n\n{code}{_call(exported, name, words)}', header=header
    )


def _header(exported: Predictor, name: str, about: str) -> str:
    layout, labels = layout_of(exported.contract), exported.contract.labels
    said: dict[str, Any] = {"numbers": _listed(layout.numbers), "categories": _listed(layout.categories)}
    said["outputs"] = (
        f"the probability of each label, in this order:\n{_listed(labels)}" if labels else "the prediction."
    )
    said["returns"] = "the place of the label that is chosen" if labels else "0"
    return _HEADER.format(about=about, name=name, guard=f"{name.upper()}_H", **said)


def _listed(names: Any) -> str:
    """Names in a comment: nothing in them may end it."""
    return "\n".join(f" *   {place}: {_written(name)}" for place, name in enumerate(names)) or " *   (none)"


def _written(text: str) -> str:
    """A text as C writes it: bytes that are no ASCII letter as three octal digits, after which anything may follow."""
    special = {ord(letter) for letter in '"\\?*'}
    letters = [
        chr(byte) if _SHORTEST <= byte < _LETTERS and byte not in special else f"\\{byte:03o}" for byte in text.encode()
    ]
    return f'"{"".join(letters)}"'


def _call(exported: Predictor, name: str, words: list[str]) -> str:
    layout, labels = layout_of(exported.contract), exported.contract.labels
    body, inputs = [], []
    if layout.numbers:
        body += [f"    float row[1][{len(layout.numbers)}];", "    memcpy(row, numbers, sizeof row);"]
        inputs.append("row")
    else:
        body.append("    (void)numbers;")
    if layout.categories:
        body += [
            f"    int64_t places[1][{len(layout.categories)}];",
            f"    for (int column = 0; column < {len(layout.categories)}; ++column) {{",
            f"        places[0][column] = {name}_place(categories[column]);",
            "    }",
        ]
        inputs.append("places")
    else:
        body += ["    (void)categories;", f"    (void){name}_place;"]
    answer = [f"    float answer[1][{len(labels) or 1}];", *(["    int64_t label[1];"] if labels else [])]
    given = ", ".join([*inputs, *(["label"] if labels else []), "answer"])
    last = "(int)label[0]" if labels else "0"
    body += [
        *answer,
        f"    {name}_graph({given});",
        "    memcpy(outputs, answer, sizeof answer);",
        f"    return {last};",
    ]
    listed = ",\n".join(f"    {_written(word)}" for word in words) or '    ""'
    return _CALL.format(name=name, count=max(1, len(words)), last=len(words) - 1, words=listed, body="\n".join(body))
