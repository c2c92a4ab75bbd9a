"""Where a study is kept, and that its password is shown nowhere."""

import json
from pathlib import Path

import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError, MissingPackageError
from land_subsidence.subsidence_plugin.engine.tuning.storage import open_storage, with_driver
from land_subsidence.subsidence_plugin.engine.tuning.storage_url import (
    masked,
    place_of,
    storage_login,
)

ENVIRONMENT = {"WORD": "p@ss/w:rd%{}", "HOST": "db.example.org"}


@pytest.mark.parametrize(
    ("storage", "address", "shown"),
    [
        ("postgresql://me@h:5432/db", "postgresql://me@h:5432/db", "postgresql://me@h:5432/db"),
        ("postgresql://me:abc@h/db", "postgresql://me:abc@h/db", "postgresql://me:***@h/db"),
        ("postgresql://me:${WORD}@${HOST}/db",
         "postgresql://me:p%40ss%2Fw%3Ard%25%7B%7D@db.example.org/db",
         "postgresql://me:***@db.example.org/db"),
        ("mysql+pymysql://me:a@b@h/db", "mysql+pymysql://me:a%40b@h/db",
         "mysql+pymysql://me:***@h/db"),
        ("postgresql://me:a%40b@h/db", "postgresql://me:a%40b@h/db", "postgresql://me:***@h/db"),
        ("postgresql://h/db?user=me&password=abc", "postgresql://h/db?user=me&password=abc",
         "postgresql://h/db?user=me&password=***"),
        ("sqlite:////data/a:b.db", "sqlite:////data/a:b.db", "sqlite:////data/a:b.db"),
    ],
)  # fmt: skip
def test_addresses(storage, address, shown):
    place = place_of(storage, "", ENVIRONMENT)
    assert (place.address, place.shown, place.is_database) == (address, shown, True)
    for word in ("abc", "p@ss", "p%40ss", "a@b"):
        assert word not in place.shown + repr(place)


def test_files():
    assert place_of(None, "/data/m.study").address == str(Path("/data/m.study").absolute())
    assert not place_of("/data/x.journal", "").is_database
    assert place_of("/data/x.db", "").address == "sqlite:////data/x.db"


def test_login_kept_by_qgis_is_used_inside_the_block_only():
    with storage_login("me", "geheim wort"):
        place = place_of("postgresql://h/db", "")
    assert place.address == "postgresql://me:geheim%20wort@h/db"
    assert place.shown == "postgresql://me:***@h/db" and not place.typed
    assert place_of("postgresql://h/db", "").address == "postgresql://h/db"


def test_a_typed_password_is_known_as_such():
    assert place_of("postgresql://me:abc@h/db", "").typed
    assert place_of("postgresql://h/db?password=abc", "").typed
    assert not place_of("postgresql://me:${WORD}@h/db", "", ENVIRONMENT).typed


def test_texts_are_masked_also_where_the_password_stands_alone():
    place = place_of("postgresql://me:${WORD}@h/db", "", ENVIRONMENT)
    text = place.mask("no host 'ss/w' in p@ss/w:rd%{} nor p%40ss%2Fw%3Ard%25%7B%7D")
    assert text == "no host 'ss/w' in *** nor ***"
    assert masked("at postgresql://me:a@b@h/db and x") == "at postgresql://me:***@h/db and x"
    assert masked("https://example.org/a:b and mail@example.org") == (
        "https://example.org/a:b and mail@example.org"
    )


@pytest.mark.parametrize(
    ("storage", "expected"),
    [
        ("postgresql://me:${NOSUCH}@h/db", "environment variable NOSUCH, which is not set"),
        ("://h/db", "is no database URL"),
    ],
)
def test_bad_addresses_are_one_sentence(storage, expected):
    with pytest.raises(InputError, match=expected):
        place_of(storage, "", ENVIRONMENT)


def test_a_driver_that_is_not_installed_is_one_sentence():
    with pytest.raises(InputError, match="nosuchdialect"):
        open_storage(place_of("nosuchdialect://me:abc@h/db", ""))


def test_a_database_module_that_is_missing_is_one_sentence():
    with pytest.raises(MissingPackageError, match=r"database of mysql.cymysql://me:\*\*\*@h/db is"):
        open_storage(place_of("mysql+cymysql://me:abc@h/db", ""))


def test_postgres_gets_the_driver_that_is_installed():
    pytest.importorskip("psycopg2")
    assert with_driver("postgres://h/db") == "postgresql+psycopg2://h/db"
    assert with_driver("postgresql+psycopg://h/db") == "postgresql+psycopg://h/db"


def test_another_file_is_no_study(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hello\n")
    with pytest.raises(InputError, match="is no study; name a new file"):
        open_storage(place_of(str(path), ""))
    assert path.read_text() == "hello\n"


def test_a_last_line_torn_by_a_power_cut_is_cut_off(tmp_path):
    import optuna

    place = place_of(str(tmp_path / "a.study"), "")
    optuna.create_study(storage=open_storage(place), study_name="s")
    whole = Path(place.address).read_bytes()
    Path(place.address).write_bytes(whole + b'{"op_code": 4, "wor')
    study = optuna.load_study(study_name="s", storage=open_storage(place))
    study.add_trial(optuna.create_trial(value=1.0))
    lines = Path(place.address).read_text().splitlines()
    assert [json.loads(line)["op_code"] for line in lines] and len(study.trials) == 1
    assert Path(place.address).read_bytes().startswith(whole)


@pytest.mark.parametrize("name", ["a%41b.db", "a?b.db", "ö #1 & 'x' 100%.sqlite", "a+b.db"])
def test_a_database_file_of_any_name_is_that_file(tmp_path, name):
    """URLs cut at '?' and decode '%41': the file must be the one that was named, all the same."""
    from land_subsidence.subsidence_plugin.engine.tuning.storage import open_storage

    sqlalchemy = pytest.importorskip("sqlalchemy")
    if "?" in name and sqlalchemy.__version__ < "2.1":
        pytest.skip("this version of SQLAlchemy has no way to write such a name")
    folder = tmp_path / "Đo lún"
    folder.mkdir()
    place = place_of(str(folder / name), "")
    assert place.shown == f"sqlite:///{folder / name}"
    open_storage(place)
    assert [path.name for path in folder.iterdir()] == [name]


def test_a_relative_database_url_is_that_of_the_folder_here(tmp_path, monkeypatch):
    """Workers run elsewhere."""
    monkeypatch.chdir(tmp_path)
    assert place_of("sqlite:///x/y.db", "").address == f"sqlite:///{tmp_path}/x/y.db"
    assert (
        place_of("sqlite:///x.db?timeout=9", "").address == f"sqlite:///{tmp_path}/x.db?timeout=9"
    )
    assert place_of("sqlite:////data/x.db", "").address == "sqlite:////data/x.db"
    assert place_of("sqlite+pysqlite:///x.db", "").shown == f"sqlite+pysqlite:///{tmp_path}/x.db"
    for memory in ("sqlite://", "sqlite:///:memory:"):
        assert place_of(memory, "").address == memory
