"""The encryption of backups: what age wrote opens here, and nothing opens that was cut, moved or changed."""

from __future__ import annotations

import base64
import io
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patient_app.core import age
from patient_app.core.age import (
    CHUNK,
    TAG,
    Damaged,
    Decrypting,
    Encrypting,
    KeyRefused,
    PrivateKey,
    PublicKey,
    WrongKey,
)

# The pair of the specification (32 bytes of 0x42).
KEY = PrivateKey.parse("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX")
PUBLIC = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
# `age` 1.1.1 wrote this for two recipients, of whom this key is the second.
WRITTEN_BY_AGE = base64.b64decode(
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSA3V2xlVy9ieCtiTW1hWHJRcGZuK3ZDbDFKS2FmaHBwQWNZOG12MVhIeVY0"
    "ClhKNmRPZUxhSXhvRXdyYmZPYzJ1QnJBckc0NFE3bVI1bWZlTmxTbWhmeTAKLT4gWDI1NTE5IENaQlFCeThZTEdnbzFWYnVTNk40"
    "V0Z6U0VLejlEN2lHQjdqVitOcEdXaWMKM1dzRlJDaWdxQzlYQ3FOb1BCZ3ZmeFZ5UkY2RS9iZGVyVGJ1SHBNMHhIVQotLS0gZzRG"
    "NHpaUzE1Z21mYlhkUjVnTFVDRldWVWk5ZGxmcGZ4cmVBWEpFRXQ1OArxs1Mu+m0oHIPe8caH4qI39/vXlv8XyiPj/90h1Oe+LkQ7"
    "4ktE161bfo3HjWCuwS3nkPzGPyS1"
)
EDGES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7)


def sealed(content: bytes, *, pieces: int = 100_000, to: PublicKey = KEY.public) -> bytes:
    target = io.BytesIO()
    encrypting = Encrypting(target, to)
    for start in range(0, len(content), pieces):
        encrypting.write(content[start : start + pieces])
    encrypting.finish()
    return target.getvalue()


def opened(data: bytes, key: PrivateKey = KEY, *, pieces: int = 100_000) -> bytes:
    decrypting = Decrypting(io.BytesIO(data), key)
    parts = []
    while part := decrypting.read(pieces):
        parts.append(part)
    return b"".join(parts)


def letters(size: int) -> bytes:
    return bytes(number % 251 for number in range(size))


def chunks_of(data: bytes) -> tuple[bytes, list[bytes]]:
    """Split a file into its header, nonce included, and its chunks."""
    start = data.index(b"\n", data.index(b"\n---") + 1) + 1 + age.NONCE
    return data[:start], [data[place : place + CHUNK + TAG] for place in range(start, len(data), CHUNK + TAG)]


@cache
def three_chunks() -> bytes:
    return sealed(letters(2 * CHUNK + 100))


def test_what_age_wrote_opens() -> None:
    assert opened(WRITTEN_BY_AGE) == b"Written by age itself.\n"
    with pytest.raises(WrongKey):
        opened(WRITTEN_BY_AGE, PrivateKey.make())


def test_keys_are_written_as_age_writes_them() -> None:
    assert KEY.public.text == PUBLIC
    assert KEY.raw == b"\x42" * 32
    assert PrivateKey.parse(KEY.text) == KEY
    assert PublicKey.parse(PUBLIC) == KEY.public
    assert PrivateKey.parse(f"# made today\n# public key: {PUBLIC}\n{KEY.text}\n") == KEY
    assert KEY.text not in repr(KEY)


@given(st.binary(min_size=32, max_size=32))
def test_every_key_comes_back_from_its_text(raw: bytes) -> None:
    assert PublicKey.parse(PublicKey(raw).text).raw == raw
    assert PrivateKey.parse(PrivateKey(raw).text).raw == raw


@given(st.integers(0, len(PUBLIC) - 1), st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l1b"))
def test_a_mistyped_key_is_refused(place: int, letter: str) -> None:
    typed = PUBLIC[:place] + letter + PUBLIC[place + 1 :]
    if typed != PUBLIC:
        with pytest.raises(KeyRefused):
            PublicKey.parse(typed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "age1",
        PUBLIC[:-1],
        PUBLIC.replace("z", "Z", 1),
        KEY.text,
        "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwjé",
        age.bech32_encode("age", bytes(31)),
        age.bech32_encode("agf", bytes(32)),
    ],
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(KeyRefused):
        PublicKey.parse(text)


@pytest.mark.parametrize("text", ["", "# only words", f"{KEY.text}\n{KEY.text}", PUBLIC, KEY.text[:-1]])
def test_what_is_no_private_key_is_refused(text: str) -> None:
    with pytest.raises(KeyRefused):
        PrivateKey.parse(text)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(EDGES) | st.integers(0, 3 * CHUNK), st.integers(1, 2 * CHUNK + 3), st.integers(1, 2 * CHUNK + 3))
def test_everything_comes_back_whatever_the_pieces(size: int, written: int, read: int) -> None:
    content = letters(size)
    data = sealed(content, pieces=max(written, size // 200 + 1))
    assert opened(data, pieces=max(read, size // 200 + 1)) == content


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_a_changed_bit_is_noticed_before_anything_of_its_chunk_is_handed_out(data: st.DataObject) -> None:
    whole = three_chunks()
    header, _ = chunks_of(whole)
    # Half of the tries in the short header, which a random place would hardly meet.
    place = data.draw(st.integers(0, len(header) - 1) | st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    decrypting: Decrypting | None = None
    got = b""
    with pytest.raises((Damaged, WrongKey)):
        decrypting = Decrypting(io.BytesIO(bytes(changed)), KEY)
        while part := decrypting.read(1000):
            got += part
    assert letters(2 * CHUNK + 100).startswith(got)
    assert len(got) <= max(0, place - len(header))


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2 * CHUNK + 600) | st.sampled_from([CHUNK + TAG, 2 * (CHUNK + TAG)]))
def test_a_file_that_was_cut_is_noticed(cut: int) -> None:
    whole = three_chunks()
    header, _ = chunks_of(whole)
    for kept in (whole[: len(whole) - 1 - cut % (len(whole) - 1)], whole[: len(header) + cut]):
        if kept != whole:
            with pytest.raises(Damaged):
                opened(kept)


def test_chunks_that_were_moved_repeated_or_left_out_are_noticed() -> None:
    header, (first, second, last) = chunks_of(three_chunks())
    other_header, other = chunks_of(sealed(letters(2 * CHUNK + 100)))
    assert opened(header + first + second + last) == letters(2 * CHUNK + 100)
    for order in (
        (second, first, last),
        (first, last),
        (first, first, second, last),
        (first, second),
        (first, second, last, last),
        (first, other[1], last),
        (first, second, last[:-TAG]),
        (),
    ):
        with pytest.raises(Damaged):
            opened(header + b"".join(order))
    with pytest.raises(Damaged):
        opened(other_header + first + second + last)


def test_what_was_not_finished_does_not_open() -> None:
    target = io.BytesIO()
    Encrypting(target, KEY.public).write(letters(3 * CHUNK))
    with pytest.raises(Damaged):
        opened(target.getvalue())


def test_an_empty_last_chunk_after_others_is_refused() -> None:
    """The specification allows one spelling of each content; another would leave room for what nobody checked."""
    file_key, nonce = bytes(16), bytes(16)
    chunks = age._Chunks(file_key, nonce)
    data = (
        age._header(file_key, KEY.public)
        + nonce
        + chunks.seal(letters(CHUNK), last=False)
        + chunks.seal(b"", last=True)
    )
    with pytest.raises(Damaged):
        opened(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"age-encryption.org/v2\n",
        b"SQLite format 3\x00" + bytes(5000),
        b"age-encryption.org/v1\n" + b"-> X25519 AAAA\nAAAA\n" * 3,
        b"age-encryption.org/v1\n-> X25519\n\n--- " + b"A" * 43 + b"\n",
        b"age-encryption.org/v1\n" + b"-> other x\n\n" * 100 + b"--- " + b"A" * 43 + b"\n",
        b"age-encryption.org/v1\n-> X25519 " + b"A" * 43 + b"\n" + b"A" * 43 + b"\n--- x\n",
    ],
)
def test_what_is_no_such_file_is_refused(data: bytes) -> None:
    with pytest.raises(Damaged):
        opened(data)


def test_a_file_for_somebody_else_is_told_from_a_damaged_one() -> None:
    with pytest.raises(WrongKey):
        opened(sealed(b"words", to=PrivateKey.make().public))


def test_no_two_files_share_a_key() -> None:
    assert sealed(b"") != sealed(b"")
    assert chunks_of(sealed(b"words"))[1] != chunks_of(sealed(b"words"))[1]
