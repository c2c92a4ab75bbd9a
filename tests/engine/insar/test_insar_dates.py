"""Dates in column names: what is one, order, repetition, field names."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.insar.dates import (
    date_columns,
    date_field,
    date_metadata,
    date_of,
    describe_dates,
    parse_limit,
    years,
)


@pytest.mark.parametrize(
    "name",
    ["20200103", "D20200103", "d20200103", "2020-01-03", "2020-01-03T05:12:30", "D_2020_01_03",
     " 2020/01/03 "],
)  # fmt: skip
def test_names_of_the_third_of_january(name):
    assert date_of(name) == np.datetime64("2020-01-03")


@pytest.mark.parametrize(
    "name", ["20201303", "20200230", "2020", "202001", "pid", "18991231", "2020-0103", "120200103"]
)
def test_names_that_are_no_dates(name):
    assert date_of(name) is None


def test_columns_are_put_in_order():
    found = date_columns(["pid", "20200115", "20200103", "v", "20200109"], "The file 'a.csv'")
    assert found.indices.tolist() == [2, 4, 1]
    assert not found.ordered
    assert date_columns(["20200103", "x", "20200109"], "").ordered


def test_no_dates_and_a_repeated_date_are_refused():
    with pytest.raises(InputError) as error:
        date_columns(["pid", "x", "y"], "The file 'a.csv'")
    assert str(error.value) == (
        "The file 'a.csv' has no column of a date (named 20200103, D20200103 or 2020-01-03); its "
        "columns are pid, x, y."
    )
    with pytest.raises(InputError) as error:
        date_columns(["D20200103", "x", "2020-01-03"], "The file 'a.csv'")
    assert str(error.value) == (
        "The file 'a.csv' has the date 2020-01-03 twice, in the columns 'D20200103' and "
        "'2020-01-03'; remove one."
    )


def test_words_fields_and_years():
    dates = np.array(["2020-01-03", "2020-01-09", "2020-01-15"], dtype="datetime64[D]")
    assert date_field(dates[0]) == "D20200103"
    assert describe_dates(dates) == "3 dates from 2020-01-03 to 2020-01-15, every 6 days"
    assert date_metadata(dates)["STEP_DAYS"] == "6"
    uneven = [*dates[[0, 2]].tolist(), np.datetime64("2021-01-03")]
    uneven = np.array(uneven, dtype="datetime64[D]")
    assert describe_dates(uneven) == "3 dates from 2020-01-03 to 2021-01-03, 12 to 354 days apart"
    assert "STEP_DAYS" not in date_metadata(uneven)
    np.testing.assert_allclose(years(uneven), [0, 12 / 365.25, 366 / 365.25])


def test_a_limit_that_is_no_date():
    assert parse_limit("", "MIN_DATE") is None
    with pytest.raises(InputError, match="MIN_DATE is 'yesterday'; it must be a date such as"):
        parse_limit("yesterday", "MIN_DATE")
