"""What no page of ours would send, and anybody can."""

import json

FOREVER = "9" * 80
NUMBERS = [
    *("-1", "0", "-0", "1.5", "1e999", "NaN", "Infinity", "0x10", "1_0", "٣٤", "½", "²", " 5 "),
    *(FOREVER, f"-{FOREVER}", "9" * 5000),
    *(str(2**31 - 1), str(2**31), str(2**63 - 1), str(2**63), str(-(2**63) - 1)),
]
DAYS = [
    *("0001-01-01", "9999-12-31", "10000-01-01", "2026-02-30", "0000-00-00", "1899-12-31"),
    *("0001-01-01T00:00", "9999-12-31T23:59", "9999-12-31 23:59:59.999999", "2026-10-25T02:30"),
    *("24:00", "23:59:60", "00:00", "9999999999999999", "now"),
]
TEXTS: list[str | bytes] = [
    *("", " ", "\0", "a\0b", "\x01\x07\x1b[31m", "\x7f\x85\u2028\u202e", "\ufeff", "\r\nX: y"),
    *(b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"%", b"%zz"),
    *("x" * 300, "é" * 300, "🦊" * 60, "x" * 1999, "x" * 3000, "a\u0300" * 500, " " * 1500),
    *("'", '"', "\\", "\\'", "%s", "{}", "{0.__class__}", "{{ 7 }}", "<script>x</script>", "=1+1"),
    *("on", "true", "null", "None", "[]", "{}", '{"a": [1]}', "__all__", "pk", "../../etc/passwd"),
    *("http://[", "https://u:p@[::1]:99999/", "https://xn--\u00fc.example/", "a@b", "@", "mailto:"),
    *(f"x@{'y' * 300}.example", "00000000-0000-0000-0000-000000000000", "not-a-uuid"),
    *("::", "1:2:3", "5-5-5", "9-9999999999999999-1", "9-99999999999999999", "1-", "-1-1"),
    # Letters whose capitals, as PostgreSQL has them, are others than their small ones'.
    *("\u212a", "\u2126", "\u1e9e", "\u0130", "\u017f", "\u01c5"),
    *("&|!:*", "((((", "':*'", "* * * * *", "Europe/Nowhere", "ZZ", "q=%00", "until=9999-12-31"),
    *("a=1&" * 400, "journey 99999999999999999999", "b1.next", ".start", "b999.no", "..", "3:no"),
]
VALUES: list[str | bytes] = [*TEXTS, *NUMBERS, *DAYS]
ONLY_IN_FORMS: list[str | bytes] = ["x" * 250_000, "x" * 199_000, "\n" * 100_000]
NAMES = ["\0", "x" * 300, "__proto__", "name[]", "folder__in", "é", ""]

# A path's segment; `int` is what Django lets through to a view.
SEGMENTS = {
    "int": ["0", "1" + "0" * 79, "9" * 5000, str(2**31), str(2**63)],
    "str": ["%00", "%ff", "x", "..", "x" * 3000, "%F0%9F%A6%8A", "a:b", "MQ:x-y", "%0d%0a", "{}"],
    "slug": ["x" * 3000, "b999", "-", "__proto__"],
}
# As a web server lets them through: no control characters.
HEADERS = [
    *("", "x", "\xff\xfe", "é" * 50, "x" * 8000, "true", "http://[", "http://testserver/%00"),
    *("http://testserver/\xff", "//evil.example", "Bearer", "Bearer \xff", "Bearer " + "x" * 5000),
    *("1.2.3.4, x", "::1%eth0", "[::1]:99999", ",,,,", "9" * 80, "text/html;q=x", "*/*" * 500),
]
FORM = "application/x-www-form-urlencoded"
BOUNDARY = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="q"\r\n\r\nx\r\n'
BODIES: list[tuple[str, bytes]] = [
    ("", b""),
    ("", b"a=b"),
    ("text/plain", b"\0\xff"),
    ("application/json", b"{"),
    ("application/json", b'{"q": "\\u0000"}'),
    ("application/xml", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'),
    (f"{FORM}; charset=utf-7", b"q=+AAA-"),
    (f"{FORM}; charset=nonsense", b"q=x"),
    (FORM, b"\xff\xfe=\xff&=&&==&%00=%00"),
    (FORM, b"&".join(b"x=y" for _ in range(60_000))),
    ("multipart/form-data", b"x"),
    (BOUNDARY, b""),
    (BOUNDARY, PART),  # breaks off
    (BOUNDARY, PART[:20]),
    (BOUNDARY, PART + b"--b--\r\n"),
    (BOUNDARY, b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"),
    (BOUNDARY, b'--b\r\nContent-Disposition: form-data; name="\0"\r\n\r\n\0\r\n--b--\r\n'),
    (BOUNDARY, PART.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n=")),
    (BOUNDARY, PART.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: x\r\n\r\n") + b"--b--"),
    ("multipart/form-data; boundary=" + "b" * 300, PART),
    ("multipart/form-data; boundary=\xe9", PART),
    ("multipart/form-data; boundary=b; charset=utf-16", PART + b"--b--\r\n"),
    ("multipart/mixed; boundary=b", PART + b"--b--\r\n"),
]


def file_named(name: bytes, field: str, content: bytes = b"Name,E-mail\nJo,jo@x.org\n") -> bytes:
    """A form with one file."""
    head = b'--b\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n'
    return (
        head % (field.encode(), name)
        + b"Content-Type: text/csv\r\n\r\n"
        + content
        + b"\r\n--b--\r\n"
    )


FILE_NAMES = [
    b"",
    b"\0.csv",
    b"..",
    b"../../x.csv",
    b"x" * 500 + b".csv",
    b"\xff\xfe.csv",
    b"a\n.xlsx",
]

# JSON values, as text: some are none that a serializer would write.
JSON_VALUES = [
    *(
        "null",
        "true",
        "0",
        "-1",
        "1.5",
        "1e999",
        "NaN",
        "[]",
        "{}",
        '""',
        '" "',
        "[[[[[[[[1]]]]]]]]",
    ),
    *(FOREVER, f"-{FOREVER}", str(2**53 + 1), '"\\u0000"', '"\\ud800"', '"\\u0007"', '{"a": {}}'),
    *(json.dumps("x" * 300), json.dumps("x" * 60_000), json.dumps("é" * 400), '{"": "\\u0000"}'),
    *(json.dumps(day) for day in DAYS),
    *(json.dumps(number) for number in NUMBERS if len(number) < 100),
    '{"a": 1, "a": 2}',
]
JSON_BODIES = [
    *(b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"\xef\xbb\xbf{}", b"{}" * 2, b"[" * 30_000),
    b'{"a":' * 5000 + b"1" + b"}" * 5000,
    b'{"id": "1", "id": "2", "type": "custom"}',
    '{"id": "1"}'.encode("utf-16"),
    b'{"id": ' + b"9" * 60_000 + b"}",
]
