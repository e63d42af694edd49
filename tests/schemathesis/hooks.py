"""What schemathesis has to know of this service and the contract cannot say.

Each request comes from an address of its own, as behind a proxy: ten wrong keys in a minute shut an address out with 429,
and then nothing would be learned of the keys.
"""

import itertools

import schemathesis
from hypothesis import strategies as st

numbers = itertools.count(1)


@schemathesis.hook
def before_call(context, case, kwargs):
    number = next(numbers)
    case.headers["X-Forwarded-For"] = f"198.18.{number >> 8 & 255}.{number & 255}"


# Bytes that begin like a PDF, and bytes that do not.
schemathesis.openapi.media_type(
    "application/pdf", st.one_of(st.binary(max_size=2048), st.binary(max_size=2048).map(lambda rest: b"%PDF-1.7\n" + rest))
)


# A batch as lines and as a ZIP file, or what only says so.
schemathesis.openapi.media_type("application/x-ndjson", st.text(max_size=512).map(lambda text: text.encode()))
schemathesis.openapi.media_type(
    "application/zip", st.one_of(st.binary(max_size=2048), st.binary(max_size=2048).map(lambda rest: b"PK\x03\x04" + rest))
)


@schemathesis.serializer("application/pdf", "application/x-ndjson", "application/zip")
def as_it_is(context, value):
    return value if isinstance(value, bytes) else str(value).encode()
