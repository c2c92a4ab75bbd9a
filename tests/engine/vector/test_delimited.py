"""Text tables: delimiters, zips, line numbers, blocks, broken rows, encodings."""

import zipfile

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.vector.delimited import open_tables
from land_subsidence.subsidence_plugin.engine.vector.delimited_rows import Layout, parse_rows

TABLE = "pid,x,20200103,20200109\na,1,0.5,-1\nb,2,1.5,\n\nc,3,NA,7\n"


def write(folder, text, name="t.csv", encoding="utf-8"):
    (folder / name).write_bytes(text.encode(encoding))
    return str(folder / name)


def rows_of(path, size=2**20, texts=(0,), numbers=(1, 2, 3), needed=(1, 2, 3)):
    (table,) = open_tables(path)
    layout = Layout(table, texts, numbers, frozenset(needed))
    return [parse_rows(first, lines, layout) for first, lines, _part in table.blocks(size)]


def test_rows_with_missing_values(tmp_path):
    (rows,) = rows_of(write(tmp_path, TABLE))
    assert rows.texts == [["a", "b", "c"]]
    assert rows.lines.tolist() == [2, 3, 5]
    np.testing.assert_array_equal(rows.numbers, [[1, 0.5, -1], [2, 1.5, np.nan], [3, np.nan, 7]])
    assert rows.broken == []


@pytest.mark.parametrize("size", [1, 7, 16, 50])
def test_small_blocks_give_the_same_rows_and_line_numbers(tmp_path, size):
    blocks = rows_of(write(tmp_path, TABLE.replace("\n", "\r\n")), size)
    assert np.concatenate([b.lines for b in blocks]).tolist() == [2, 3, 5]
    np.testing.assert_array_equal(
        np.concatenate([b.numbers for b in blocks]),
        [[1, 0.5, -1], [2, 1.5, np.nan], [3, np.nan, 7]],
    )


@pytest.mark.parametrize(
    "text",
    [
        TABLE.replace(",", ";"),
        TABLE.replace(",", "\t"),
        TABLE.replace(",", "|").rstrip(),
        "\ufeff" + TABLE,
        "# made by a tool\n" + TABLE,
        TABLE.replace("a,1", '"a","1"').replace("pid", '"pid"'),
        TABLE.replace(",", ";").replace("0.5", "0,5").replace("1.5", "1,5"),
    ],
)
def test_delimiters_marks_quotes_and_decimal_commas(tmp_path, text):
    path = write(tmp_path, text)
    blocks = rows_of(path)  # a last line without an end is a block of its own
    assert [text for block in blocks for text in block.texts[0]] == ["a", "b", "c"]
    numbers = np.concatenate([block.numbers for block in blocks])
    np.testing.assert_array_equal(numbers[:, :2], [[1, 0.5], [2, 1.5], [3, np.nan]])
    assert open_tables(path)[0].header[0] == "pid"


def test_text_in_latin_1(tmp_path):
    (rows,) = rows_of(write(tmp_path, TABLE.replace("a,1", "ä,1"), encoding="latin-1"))
    assert rows.texts[0][0] == "ä"


def test_one_broken_row_among_many_is_named_and_the_rest_kept(tmp_path):
    lines = [f"p{i},{i},{i / 10},{-i}" for i in range(100_000)]
    lines[70_000] = "p70000,70000,7.0,12abc"
    lines[80_000] = "p80000,80000,7.0"
    path = write(tmp_path, "pid,x,20200103,20200109\n" + "\n".join(lines))
    blocks = rows_of(path)
    broken = [row for block in blocks for row in block.broken]
    assert broken == [
        (70_002, "'12abc' is no number in '20200109'"),
        (80_002, "3 columns instead of 4"),
    ]
    numbers = np.concatenate([block.numbers for block in blocks])
    assert len(numbers) == 99_998
    assert numbers[:, 0].sum() == sum(range(100_000)) - 150_000


def test_text_in_a_column_that_is_not_needed_is_only_left_empty(tmp_path):
    path = write(tmp_path, "pid,h,20200103\na,3,1\nb,?,2\nc,4,1_0\n")
    (rows,) = rows_of(path, numbers=(1, 2), needed=(2,))
    assert rows.emptied == 1
    np.testing.assert_array_equal(rows.numbers, [[3, 1], [np.nan, 2]])
    assert rows.broken == [(4, "'1_0' is no number in '20200103'")]


def test_zips(tmp_path):
    path = str(tmp_path / "tile.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tile.xml", "<x/>")
        archive.writestr("tile.csv", TABLE)
        archive.writestr("in/B.CSV", TABLE)
    tables = open_tables(path)
    assert [table.name for table in tables] == ["tile.zip/in/B.CSV", "tile.zip"]
    assert sum(len(lines) for _n, lines, _p in tables[1].blocks()) >= 4


def test_files_that_are_no_tables(tmp_path):
    def refused(text, path):
        with pytest.raises(InputError) as error:
            open_tables(path)
        assert str(error.value) == text.format(path)

    refused("There is no file '{}'; check INPUT.", str(tmp_path / "none.csv"))
    refused("The file '{}' is empty; choose another.", write(tmp_path, "\n\n", "e.csv"))
    refused(
        "The file '{}' has no header of columns divided by comma, semicolon, tab or |.",
        write(tmp_path, "hello world\n1 2 3\n", "w.csv"),
    )
    refused(
        "The file '{}' is no text in UTF-8; save it as csv in UTF-8.",
        write(tmp_path, TABLE, "u.csv", "utf-16"),
    )
    refused(
        "The file '{}' is no whole zip; download it again.", write(tmp_path, "PK nonsense", "n.zip")
    )
    path = str(tmp_path / "only.zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no table")
    refused("The zip '{}' holds no csv file; choose the zip of a product.", path)


def test_a_zip_that_is_damaged_inside(tmp_path):
    path = tmp_path / "tile.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tile.csv", TABLE * 2000)
    data = bytearray(path.read_bytes())
    data[60:200] = b"\x00" * 140
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"cannot be read .* download it again, or unpack it"):
        open_tables(str(path))
