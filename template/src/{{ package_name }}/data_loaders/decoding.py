"""The text of a file, whatever it is packed and encoded in, block by block as UTF-8 with one kind of line end."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from ..errors import DataError

#: A packed file can be a thousand times larger than it looks.
LARGEST = 2**36
#: Bytes that are read at once.
BLOCK = 2**23
#: How files begin that are called csv and are none, and what to do with them.
OTHER_FILES = {
    b"PK\x03\x04": ("a zip or Excel file", "Unpack it, or save the sheet as csv (UTF-8)."),
    b"\xd0\xcf\x11\xe0": ("an old Excel file", "Save the sheet as csv (UTF-8)."),
    b"PAR1": ("a parquet file", "Write `kind: parquet` to its source in configs/sources.yaml."),
    b"BZh": ("packed with bzip2", "Unpack it, or pack it with gzip."),
    b"\xfd7zXZ": ("packed with xz", "Unpack it, or pack it with gzip."),
    b"\x28\xb5\x2f\xfd": ("packed with zstd", "Unpack it, or pack it with gzip."),
    b"SQLite format 3": ("a SQLite database", "Export the table as csv."),
    b"%PDF": ("a PDF document", "Get the table as csv."),
}
#: The longer ones first: that of UTF-32 begins as that of UTF-16 does.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_BLANK = b" \t\r\n\0\x1a"
#: Bytes that no text holds, whatever its encoding, except UTF-16 and UTF-32.
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def read_blocks(path: Path) -> Iterator[bytes]:
    """The content of a file, unpacked if it is packed with gzip, whatever it is called; the last block is empty.

    Raises:
        DataError: it is missing, unreadable, damaged, too large, or of a kind that holds no text.
    """
    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == b"\x1f\x8b"
        size = 0
        with gzip.open(path) if packed else path.open("rb") as stream:
            while block := stream.read(BLOCK):
                if not size:
                    _forbid_other_files(block, path)
                size += len(block)
                if packed and size > LARGEST:
                    raise DataError(
                        f"{path} holds more than {LARGEST / 2**30:.3g} GiB when unpacked.",
                        "Split it, or write it as parquet.",
                    )
                yield block
        yield b""
    except IsADirectoryError:
        raise DataError(f"{path} is a folder.", "Name one file in configs/sources.yaml.") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path} is packed with gzip, and damaged: {error}.", "Get the file again.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be read: {reason}.", "Put the file there, or name another one.") from None


def _forbid_other_files(content: bytes, path: Path) -> None:
    for beginning, (called, advice) in OTHER_FILES.items():
        if content.startswith(beginning):
            raise DataError(f"{path} is {called}, not a csv file.", advice)


def text_blocks(path: Path, encoding: str) -> Iterator[bytes]:
    """The text of a file in UTF-8, without a byte order mark; every line ends with one line feed, also the last.

    A byte order mark says what a file is encoded in, and goes before `encoding`. A block ends anywhere, but not in a sign.

    Raises:
        DataError: as `read_blocks`; or it is no text of this encoding, or empty; names the line, and the setting to write.
    """
    decoder, held, lines = None, b"", 0
    end, filled = b"\n", False
    for block in read_blocks(path):
        if decoder is None:
            encoding = next((name for mark, name in _MARKS.items() if block.startswith(mark)), encoding)
            decoder = codecs.getincrementaldecoder(encoding)()
        try:
            text = held + decoder.decode(block, final=not block).encode("utf-8")
        except UnicodeDecodeError as error:
            raise _wrong_encoding(error, lines + held.count(b"\r"), path) from None
        except UnicodeError as error:
            raise DataError(f"{path} is not {encoding}: {error}.", _setting(likely_encoding(path))) from None
        # What may be half a line end, or the end of a file of DOS.
        held = b"" if not block else text[len(text.rstrip(b"\r\x1a")) :]
        text = text[: len(text) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if not block:
            text = text.rstrip(b"\x1a")
            text += b"" if (text or end).endswith(b"\n") else b"\n"
        filled = filled or bool(text.strip(_BLANK))
        if filled and (where := text.find(b"\0")) >= 0:
            raise DataError(
                f"{path}: line {lines + _line(text, where)} holds NUL characters: it is not text, or in UTF-16 without a mark.",
                f"Save it as csv (UTF-8). {_setting('utf-16-le')}",
            )
        lines, end = lines + text.count(b"\n"), text[-1:] or end
        yield text
    if not filled:
        raise DataError(f"{path} is empty.", "Put a csv file with a line of names and rows there.")


def _wrong_encoding(error: UnicodeDecodeError, lines: int, path: Path) -> DataError:
    if _NOT_TEXT.search(error.object):
        return DataError(f"{path} is not a text file.", "Put a csv file there: save it as csv (UTF-8).")
    said = f"{path}: line {lines + _line(error.object, error.start)} is not {error.encoding} text."
    return DataError(said, _setting(likely_encoding(path)))


def likely_encoding(path: Path) -> str:
    """What a file is probably encoded in; a byte order mark says it for sure. Raises `DataError` as `read_blocks`."""
    if any(next(read_blocks(path)).startswith(mark) for mark in _MARKS):
        return "utf-8"
    return next((encoding for encoding in ("utf-8", "cp1252") if _is_text(path, encoding)), "latin-1")


def _is_text(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in read_blocks(path):
            decoder.decode(block, final=not block)
    except UnicodeDecodeError:
        return False
    return True


def _line(content: bytes, where: int) -> int:
    before = content[:where].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return before.count(b"\n") + 1


def _setting(encoding: str) -> str:
    return f"Write what it is encoded in to its source in configs/sources.yaml, perhaps `encoding: {encoding}`."
