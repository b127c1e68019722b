"""Lines come out as they went in, wherever reads cut them."""

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from target_duckdb_exact.reader import LineReader
from target_duckdb_exact.target import TargetDuckDB, main

LINES = st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"-")), max_size=8)


class Pipe:
    """Gives so many bytes a read, as a pipe does, in turn."""

    def __init__(self, data, sizes):
        self.left = io.BytesIO(data)
        self.sizes = iter(sizes)

    def read1(self, most):
        return self.left.read(min(next(self.sizes, most), most))


@given(lines=LINES, sizes=st.lists(st.integers(1, 40), max_size=30), ended=st.booleans())
def test_lines_are_whole_wherever_the_reads_cut_them(lines, sizes, ended):
    data = b"\n".join(lines) + b"\n" * ended
    found = list(LineReader()._lines(Pipe(data, sizes)))
    assert found == data.split(b"\n")


@pytest.mark.parametrize("text", ['{"type": "STATE"', '{"type": "STATE", "value": {}}\n{"typ'])
def test_an_input_that_ends_within_a_line_says_so(load, text):
    with pytest.raises(Exception, match="it ends within a line, so the tap has stopped halfway"):
        load_text(load, text)


def test_a_bad_line_in_the_middle_is_not_taken_for_the_end(load):
    with pytest.raises(Exception, match=r"a line of it is not JSON\.$"):
        load_text(load, '{"type": "STA\n{"type": "STATE", "value": {}}\n')


def load_text(load, text):
    target = TargetDuckDB(config={"path": str(load.path)})
    try:
        target.listen(io.StringIO(text))
    finally:
        target.database.close()


CLOSED = [
    ("stdout", 1, "target-duckdb-exact: Standard output is closed: send it to a file or /dev/null.\n"),
    ("stdin", 3, "target-duckdb-exact: Standard input is closed: pipe a tap's output in, or use --input.\n"),
]


@pytest.mark.parametrize(("stream", "code", "words"), CLOSED)
def test_a_closed_standard_stream_is_said_in_one_sentence(stream, code, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TARGET_DUCKDB_EXACT_PATH", "shop.duckdb")
    monkeypatch.setattr(sys, "argv", ["target-duckdb-exact", "--config=ENV"])
    monkeypatch.setattr(sys, stream, None)  # as Python has it
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, capsys.readouterr().err.endswith(words)) == (code, True)
