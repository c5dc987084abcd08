"""Keyboards and pictures, for tests that send them by hand."""

import struct
import zlib

from telegram import InlineKeyboardButton, InlineKeyboardMarkup


def keyboard(*rows: list[InlineKeyboardButton]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(rows)


def button(text: str = "Go", data: str = "go") -> InlineKeyboardButton:
    return InlineKeyboardButton(text, callback_data=data)


def picture(width: int, height: int) -> bytes:
    """A PNG with nothing on it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    rows = zlib.compress((b"\0" + bytes((width + 7) // 8)) * height)
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
