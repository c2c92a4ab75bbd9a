"""Vietnamese and German: every text is there, sound and compiled; names stay what they are."""

import re
import shutil
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import translations  # noqa: E402 - found by the line above

LANGUAGES = translations.LANGUAGES
PLACES = re.compile(r"{\w*}")
TAGS = re.compile(r"</?\w+>")
#: What stands between two titles of algorithms, or is a name, is the same in every language.
WORDS = re.compile(r"[a-z]{4,}")


@pytest.fixture(scope="module")
def needed():
    """The texts that the plugin asks for."""
    return {*translations.literals(translations.SHIPPED), *translations.recorded()}


def messages(language):
    tree = ET.parse(ROOT / "i18n" / f"land_subsidence_{language}.ts")
    return {m.findtext("source"): m.find("translation") for m in tree.iter("message")}


def translated(language):
    return {source: node.text or "" for source, node in messages(language).items()}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """A folder with the compiled files."""
    if not (shutil.which("lrelease") or shutil.which("lrelease-qt5")):
        pytest.skip("lrelease is not installed (qttools5-dev-tools)")
    folder = tmp_path_factory.mktemp("i18n")
    for language in LANGUAGES:
        translations.compiled(ROOT / "i18n" / f"land_subsidence_{language}.ts", folder)
    return folder


@pytest.fixture
def speaking(qgis_app, compiled):
    """Let QGIS speak a language during the test; returns the algorithms as they then are."""
    from land_subsidence.subsidence_plugin.translate import translator
    from qgis.PyQt.QtCore import QCoreApplication

    installed = []

    def speak(language):
        installed.append(translator(language, compiled))
        assert installed[-1] is not None
        return {a.name(): a.create() for a in qgis_app.provider.algorithms()}

    yield speak
    for found in installed:
        QCoreApplication.removeTranslator(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_missing_left_over_or_unfinished(language, needed):
    known = messages(language)
    assert not needed - set(known), "run 'make translations' and translate what is new"
    assert not set(known) - needed, "run 'make translations': these are no longer used"
    unfinished = [s for s, node in known.items() if node.get("type") or not (node.text or "")]
    assert not unfinished


@pytest.mark.parametrize("language", LANGUAGES)
def test_places_markup_and_lines_are_those_of_the_english_text(language):
    for source, text in translated(language).items():
        assert sorted(PLACES.findall(source)) == sorted(PLACES.findall(text)), source
        assert sorted(TAGS.findall(source)) == sorted(TAGS.findall(text)), source
        assert source.count("\n") == text.count("\n"), source
        assert source.strip() != source or text.strip() == text, source


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_translated_not_copied(language):
    copied = [
        source
        for source, text in translated(language).items()
        if source == text and len(WORDS.findall(source)) > 3
    ]
    assert not copied


@pytest.mark.parametrize("language", LANGUAGES)
def test_titles_of_algorithms_are_unique_and_named_alike_in_every_help(
    language, qgis_app, speaking
):
    """A help that says <i>Extract samples</i> must name the title that the Toolbox shows."""
    english = {a.displayName() for a in qgis_app.provider.algorithms()}
    known = translated(language)
    speaking(language)
    titles = {known[title] for title in english}
    assert len(titles) == len(english)
    for source, text in known.items():
        for emphasised in re.findall(r"<i>(.*?)</i>", source):
            if emphasised in english:
                assert f"<i>{known[emphasised]}</i>" in text, (source, known[emphasised])


def interface(algorithm):
    """What scripts, models and batch files depend on."""
    from qgis.core import QgsProcessingParameterEnum

    return (
        algorithm.id(), algorithm.groupId(),
        [
            (
                d.name(), d.type(), d.defaultValue(), int(d.flags()),
                len(d.options()) if isinstance(d, QgsProcessingParameterEnum) else None,
            )
            for d in algorithm.parameterDefinitions()
        ],
        [(o.name(), o.type()) for o in algorithm.outputDefinitions()],
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_ids_never_change_with_the_language(language, qgis_app, speaking):
    english = {a.name(): a for a in qgis_app.provider.algorithms()}
    kept = {name: interface(a.create()) for name, a in english.items()}
    titles = {name: a.displayName() for name, a in english.items()}
    spoken = speaking(language)
    assert {name: interface(a) for name, a in spoken.items()} == kept
    same = [name for name, a in spoken.items() if a.displayName() == titles[name]]
    assert not same, "titles that are not translated"


@pytest.mark.parametrize(("language", "word"), [("de", "Eingaben"), ("vi", "Đầu vào")])
def test_dialogs_and_help_speak_the_language(language, word, speaking):
    algorithm = speaking(language)["classifysusceptibility"]
    known = translated(language)
    assert known["Inputs"] == word
    assert f"<h3>{word}</h3>" in algorithm.shortHelpString()
    method = algorithm.parameterDefinition("METHOD")
    assert method.description() == known["Method"]
    assert method.options()[1] == known["Quantile"]
    assert known["How the breaks between classes are found."] in algorithm.shortHelpString()


@pytest.mark.parametrize(("language", "region"), [("de", "DE"), ("vi", "VN")])
def test_qgis_process_speaks_the_language_of_the_system(language, region, qgis_process):
    if not (ROOT / "i18n" / f"land_subsidence_{language}.qm").is_file():
        pytest.skip("the checkout's translations are not compiled ('make translations')")
    done = qgis_process(
        "help", "subsidence:frequencyratio", LANG=f"{language}_{region}.UTF-8", LANGUAGE=language
    )
    assert done.returncode == 0, done.stderr
    assert translated(language)["Frequency ratio"] in done.stdout
    assert "subsidence:frequencyratio" in done.stdout and "CLASS_RASTER" in done.stdout


def test_a_region_falls_back_to_its_language_and_english_needs_nothing(qgis_app, compiled):
    from land_subsidence.subsidence_plugin.translate import translator
    from qgis.PyQt.QtCore import QCoreApplication

    found = translator("de_AT", compiled)
    assert found is not None
    QCoreApplication.removeTranslator(found)
    assert translator("en", compiled) is None


def test_new_texts_join_and_old_ones_leave_while_translations_stay(tmp_path):
    if not (shutil.which("lupdate") or shutil.which("lupdate-qt5")):
        pytest.skip("lupdate is not installed (qttools5-dev-tools)")
    file = tmp_path / "land_subsidence_de.ts"
    translations.update(["Kept", 'With "quotes", a \\ and two\nlines'], [file])
    text = file.read_text(encoding="utf-8")
    kept = "<source>Kept</source>\n        <translation>Bleibt</translation>"
    text = re.sub(r"<source>Kept</source>\s*<translation[^>]*></translation>", kept, text)
    file.write_text(text, encoding="utf-8")
    translations.update(["Kept", "New"], [file])
    tree = ET.parse(file)
    found = {m.findtext("source"): m.findtext("translation") for m in tree.iter("message")}
    assert found == {"Kept": "Bleibt", "New": ""}


def test_a_copy_for_the_modeler_speaks_the_language(qgis_app, speaking):
    from land_subsidence.subsidence_plugin.gui.modeler import speak
    from qgis.core import QgsProcessingModelAlgorithm

    known = translated("de")
    speaking("de")
    model = QgsProcessingModelAlgorithm()
    assert model.fromFile(str(ROOT / "resources" / "workflows" / "susceptibilityworkflow.model3"))
    speak(model)
    copy = QgsProcessingModelAlgorithm()
    assert copy.loadVariant(model.toVariant())  # what the file of the copy keeps
    assert copy.childAlgorithm("train").description() == known["Train DRDN"]
    assert copy.parameterDefinition("FACTORS").description() == known["Factor stack"]
    assert set(copy.childAlgorithm("train").modelOutputs()) == {"MODEL", "TRAINING_REPORT"}
