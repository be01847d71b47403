"""YAML: what a document means, and where its values stand, by the marks of PyYAML's events.

A tag that YAML itself does not have is data. Where values stand, nothing is constructed: an alias is its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Iterator
from typing import Any, cast

from .data import DocumentError, Parsed, line_of
from .tree import ItemSpan, Notation, Span, TaggedKey

__all__ = ["NOTATION", "find_yaml", "parse_yaml", "read_key", "write_key"]

#: What a document may hold once every alias is what it stands for.
_MOST_NODES = 200_000
_MOST_TEXT = 8 * 1024 * 1024
#: PyYAML's time for a number grows with the square of its digits.
_LONGEST_NUMBER = 4_300

NOTATION = Notation.of(r"(?:(?<![^\s\[{,])#[^\n]*)")
_SPACE = re.compile(r"(?:\s|#[^\n]*)*")
_PROPERTIES = re.compile(r"(?:[&!][^\s]*\s+)*(?:(?<=\s)#[^\n]*|\s)*")
_COLON = re.compile(r"\s*:")
_PLAIN_KEY = re.compile(r"(?!(?:true|false|yes|no|on|off|null|y|n)$)[a-z_][\w-]*", re.IGNORECASE | re.ASCII)


def parse_yaml(text: str) -> Parsed:
    """What a document means.

    Raises:
        ValueError: It is no YAML, or several documents.
    """
    import yaml

    repeated: list[str] = []
    try:
        documents = list(yaml.load_all(text, Loader=_loader(repeated)))
    except DocumentError:
        raise
    except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, TypeError) as error:
        # PyYAML lets others out of its constructors: `!!int ""`.
        raise DocumentError(str(error), line=line_of(error)) from error
    if len(documents) > 1:
        raise DocumentError("it holds several documents")
    return Parsed(data=documents[0] if documents else None, repeated=repeated[0] if repeated else "")


def write_key(name: str) -> str:
    """A key that is read as a text."""
    return name if _PLAIN_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def read_key(text: str) -> Hashable:
    """What a key is read as: a number, true, a date; else the text itself."""
    try:
        data = parse_yaml(text).data
    except ValueError:
        return text
    return text if isinstance(data, list | dict | set) else data


def _loader(repeated: list[str]) -> Any:
    """PyYAML's safe loader; it notes keys that are named twice, and keeps unknown tags as data."""
    import yaml

    base_class: Any = yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader

    class Loader(base_class):  # type: ignore[misc]
        pass

    def mapping(loader: Any, node: Any) -> Any:
        _note_repeated(node, repeated)
        loader.flatten_mapping(node)
        return {
            _key(loader.construct_object(key, deep=True)): loader.construct_object(value, deep=True)
            for key, value in node.value
        }

    def tagged(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return {"!": suffix, "value": mapping(loader, node)}
        if isinstance(node, yaml.SequenceNode):
            return {"!": suffix, "value": loader.construct_sequence(node, deep=True)}
        return {"!": suffix, "value": node.value}

    def timestamp(loader: Any, node: Any) -> Any:
        try:
            return loader.construct_yaml_timestamp(node)
        except ValueError:
            # The 30th of February.
            return node.value

    def document(loader: Any, node: Any) -> Any:
        nodes, signs = _expanded(node, {})
        if nodes > _MOST_NODES or signs > _MOST_TEXT:
            raise DocumentError("it holds too much, once every alias is what it stands for")
        return base_class.construct_document(loader, node)

    Loader.construct_document = document
    Loader.add_constructor("tag:yaml.org,2002:map", mapping)
    Loader.add_constructor("tag:yaml.org,2002:timestamp", timestamp)
    Loader.add_constructor("tag:yaml.org,2002:int", _number(base_class.construct_yaml_int))
    Loader.add_constructor("tag:yaml.org,2002:float", _number(base_class.construct_yaml_float))
    Loader.add_multi_constructor("", tagged)
    return Loader


def _note_repeated(node: Any, repeated: list[str]) -> None:
    seen = set()
    for key, _ in node.value:
        name = (key.tag, key.value if isinstance(key.value, str) else id(key))
        if name in seen:
            repeated.append(f"{key.value} (line {key.start_mark.line + 1})")
        seen.add(name)


def _number(construct: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def bounded(loader: Any, node: Any) -> Any:
        if len(str(node.value)) > _LONGEST_NUMBER:
            raise DocumentError("a number has too many digits", line=node.start_mark.line + 1)
        return construct(loader, node)

    return bounded


def _expanded(node: Any, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """How many nodes a document has, and signs in them, once every alias is what it stands for."""
    if isinstance(node.value, str):
        return 1, len(node.value)
    if id(node) not in known:
        # An alias of itself meets this.
        known[id(node)] = (_MOST_NODES + 1, 0)
        nodes, signs = 1, 0
        for item in node.value:
            for part in item if isinstance(item, tuple) else (item,):
                more_nodes, more_signs = _expanded(part, known)
                nodes += more_nodes
                signs += more_signs
        known[id(node)] = (nodes, signs)
    return known[id(node)]


def _key(value: Any) -> Any:
    """A key that a dict can have: YAML allows lists and mappings."""
    return json.dumps(value, default=str) if type(value) in {list, dict} else value


def find_yaml(text: str) -> Span:
    """The root of a document.

    Raises:
        ValueError: It is no YAML that this reader knows: several documents, keys that are no scalars.
    """
    import yaml

    loader = yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader
    try:
        return _Reader(text, yaml.parse(text, Loader=loader)).document()
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


class _Reader:
    def __init__(self, text: str, events: Iterator[Any]) -> None:
        import yaml

        self.text = text
        self.events = events
        self.yaml: Any = yaml
        self.resolver: Any = yaml.resolver.Resolver()

    def document(self) -> Span:
        next(self.events)
        if isinstance(next(self.events), self.yaml.StreamEndEvent):
            raise ValueError("an empty document")  # noqa: TRY004 - it is the document that is wrong
        root = self.value(next(self.events))
        next(self.events)
        if not isinstance(next(self.events), self.yaml.StreamEndEvent):
            raise ValueError("several documents")  # noqa: TRY004
        if root.kind == "scalar":
            raise ValueError("a document of one value")
        return root

    def value(self, event: Any) -> Span:
        start, end = int(event.start_mark.index), int(event.end_mark.index)
        if isinstance(event, self.yaml.AliasEvent):
            return Span(kind="scalar", start=start, end=end, meaning=("alias", event.anchor))
        if isinstance(event, self.yaml.ScalarEvent):
            return self.scalar(event, start, end)
        if isinstance(event, self.yaml.SequenceStartEvent):
            return self.sequence(event)
        return self.mapping(event)

    def scalar(self, event: Any, start: int, end: int) -> Span:
        end = start + len(self.text[start:end].rstrip())
        tag = event.tag
        if tag is None and event.implicit[0]:
            tag = self.resolver.resolve(self.yaml.ScalarNode, event.value, (True, False))
        kind = "text" if tag in {None, "tag:yaml.org,2002:str"} else tag
        comments = NOTATION.comments(self.text[start:end].partition("\n")[0]) if event.style in {"|", ">"} else ()
        meaning = (kind, event.value, event.anchor)
        return Span(kind="scalar", start=start, end=end, meaning=meaning, comments=comments)

    def sequence(self, event: Any) -> Span:
        span = self.begun(event, "sequence", "[")
        at = _PROPERTIES.match(self.text, span.start).end()  # type: ignore[union-attr]
        column = None
        while not isinstance(each := next(self.events), self.yaml.SequenceEndEvent):
            if span.flow:
                value = self.value(each)
                span.items.append(ItemSpan(name=None, start=value.start, label_end=value.start, value=value))
                continue
            at = _SPACE.match(self.text, at).end()  # type: ignore[union-attr]
            if self.text[at] != "-":
                raise ValueError("an item without a dash")
            column = at - self.text.rfind("\n", 0, at) - 1 if column is None else column
            value = self.located(self.value(each), at + 1)
            span.items.append(ItemSpan(name=None, start=at, label_end=at + 1, value=value))
            at = value.end
        return self.ended(span, each, column)

    def mapping(self, event: Any) -> Span:
        span = self.begun(event, "mapping", "{")
        column = None
        key: Any
        while not isinstance(key := next(self.events), self.yaml.MappingEndEvent):
            if not isinstance(key, self.yaml.ScalarEvent):
                raise ValueError("a key that is no scalar")  # noqa: TRY004
            start, end = int(key.start_mark.index), int(key.end_mark.index)
            column = int(key.start_mark.column) if column is None else column
            name = self.scalar(key, start, end)
            colon = _COLON.match(self.text, name.end)
            value = self.value(next(self.events))
            if colon is None:
                raise ValueError("a key without a value")
            value = self.located(value, colon.end())
            tag, text, anchor = cast("tuple[str, str, str | None]", name.meaning)
            shown: Hashable = text if tag == "text" else TaggedKey(tag=tag, text=text, anchor=anchor)
            span.items.append(ItemSpan(name=shown, start=start, label_end=colon.end(), value=value))
        return self.ended(span, key, column)

    def located(self, value: Span, label_end: int) -> Span:
        """A value of nothing stands right behind its key."""
        if value.kind == "scalar" and value.start == value.end:
            value.start = value.end = label_end
        return value

    def begun(self, event: Any, kind: Any, bracket: str) -> Span:
        start = int(event.start_mark.index)
        properties = _PROPERTIES.match(self.text, start).end()  # type: ignore[union-attr]
        if event.flow_style and self.text[properties : properties + 1] != bracket:
            raise ValueError("a mapping without brackets in a list")
        return Span(kind=kind, start=start, flow=bool(event.flow_style), properties=(event.tag, event.anchor))

    def ended(self, span: Span, event: Any, column: int | None) -> Span:
        span.column = span.edge = column or 0
        for item in span.items:
            if span.kind == "mapping" and item.value.kind == "sequence" and item.value.column == span.column:
                # A list that is no deeper than its key: comments there are about the next key.
                item.value.edge = span.column + 1
        if span.flow:
            span.end = int(event.end_mark.index)
        elif span.items:
            span.end = span.items[-1].value.end or span.items[-1].label_end
        return span
