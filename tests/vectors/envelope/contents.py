"""The cases of reading a record's canonical bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

GOOD = '{"observations":{"loinc|718-7":[13.5,"g/dL"]},"recorded_on":"2018-01-31","schema":1}'


def vector(content: str | bytes, opens: bool = False) -> dict[str, Any]:
    raw = content if isinstance(content, bytes) else content.encode()
    return {"expect": "opens" if opens else "refused", "content": raw.hex()}


def _row(row: str, opens: bool = False) -> dict[str, Any]:
    return vector(GOOD.replace('"loinc|718-7":[13.5,"g/dL"]', row), opens)


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "good", vector(GOOD, opens=True)
    for name, row in {
        "good_no_observations": "",
        "good_true": '"a|b":[true,""]',
        "good_negative_zero": '"a|b":[-0.0,""]',
        "good_whole_number": '"a|b":[9007199254740991,""]',
        "good_whole_float": '"a|b":[1.0,"kg"]',
        "good_smallest_float": '"a|b":[5e-324,""]',
        "good_text": '"a|b":["said \\"no\\"",""]',
        "good_text_composed": '"a|b":["zürich","µg"]',
        "good_two_in_order": '"a|b":[1,""],"a|c":[2,""]',
    }.items():
        yield name, _row(row, opens=True)
    for name, row in {
        "code_doubled": '"a|b":[1,""],"a|b":[2,""]',
        "codes_out_of_order": '"a|c":[1,""],"a|b":[2,""]',
        "number_with_plus": '"a|b":[+1,""]',
        "number_with_exponent": '"a|b":[1e1,""]',
        "number_with_more_digits_than_needed": '"a|b":[0.10,""]',
        "number_not_a_number": '"a|b":[NaN,""]',
        "number_infinite": '"a|b":[Infinity,""]',
        "number_too_large": '"a|b":[1e400,""]',
        "text_escaped_without_need": '"a|b":["\\u0041",""]',
        "text_with_a_raw_newline": '"a|b":["a\nb",""]',
        "text_with_half_a_surrogate_pair": '"a|b":["\\ud800",""]',
        "value_null": '"a|b":[null,""]',
        "value_a_list": '"a|b":[[1],""]',
        "value_an_object": '"a|b":[{"c":1},""]',
        "unit_null": '"a|b":[1,null]',
        "unit_a_number": '"a|b":[1,2]',
        "unit_missing": '"a|b":[1]',
        "row_of_three": '"a|b":[1,"","x"]',
        "row_a_text": '"a|b":"xy"',
        "row_an_object": '"a|b":{"v":1,"w":2}',
        "row_a_number": '"a|b":1',
    }.items():
        yield name, _row(row)
    for name, content in {
        "empty": "",
        "not_json": "record",
        "a_list": f"[{GOOD}]",
        "a_number": "1",
        "null": "null",
        "space_before": " " + GOOD,
        "newline_after": GOOD + "\n",
        "spaces_between": GOOD.replace(":", ": "),
        "byte_order_mark": "\ufeff" + GOOD,
        "twice_in_a_row": GOOD + GOOD,
        "cut": GOOD[:-1],
        "field_more": GOOD.replace('"schema"', '"sch":1,"schema"'),
        "field_doubled": GOOD.replace('"schema":1', '"schema":1,"schema":1'),
        "fields_out_of_order": '{"schema":1,"recorded_on":"2018-01-31","observations":{}}',
        "schema_missing": GOOD.replace(',"schema":1', ""),
        "schema_2": GOOD.replace('"schema":1', '"schema":2'),
        "schema_true": GOOD.replace('"schema":1', '"schema":true'),
        "schema_a_float": GOOD.replace('"schema":1', '"schema":1.0'),
        "schema_a_text": GOOD.replace('"schema":1', '"schema":"1"'),
        "date_missing": GOOD.replace('"recorded_on":"2018-01-31",', ""),
        "date_null": GOOD.replace('"2018-01-31"', "null"),
        "date_a_number": GOOD.replace('"2018-01-31"', "20180131"),
        "observations_missing": '{"recorded_on":"2018-01-31","schema":1}',
        "observations_a_list": '{"observations":[],"recorded_on":"2018-01-31","schema":1}',
        "observations_null": '{"observations":null,"recorded_on":"2018-01-31","schema":1}',
    }.items():
        yield name, vector(content)
    yield "not_utf_8", vector(GOOD.encode().replace(b"g/dL", b"\xb5g/dL"))
    yield "utf_16", vector(GOOD.encode("utf-16-le"))
    yield "nested_beyond_reason", vector("[" * 5000 + "]" * 5000)
