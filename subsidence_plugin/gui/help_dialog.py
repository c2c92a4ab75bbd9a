"""Help of the plugin without a network: a guide, and the page of every algorithm."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication, QgsProcessingAlgorithm
from qgis.PyQt.QtCore import Qt, QUrl
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QPushButton,
    QSplitter,
    QTextBrowser,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..translate import tr
from .help_guide import guide, link
from .help_links import SCHEME

PROVIDER = "subsidence"
#: Where a tree item keeps the name of its algorithm.
NAME = Qt.ItemDataRole.UserRole
STYLE = "h1 {font-size: 16pt} h2 {font-size: 13pt} h3 {font-size: 11pt} li {margin-bottom: 6px}"


def algorithms() -> dict[str, QgsProcessingAlgorithm]:
    """Return copies of the plugin's algorithms by name, in the order of work.

    The provider deletes its own when it is refreshed.
    """
    provider = QgsApplication.processingRegistry().providerById(PROVIDER)
    found = provider.algorithms() if provider else []
    return {a.name(): a.create() for a in sorted(found, key=lambda a: (a.group(), a.displayName()))}


class HelpDialog(QDialog):
    """An index with a filter on the left, the page on the right, and the tool at a click.

    Parameters
    ----------
    iface : QgisInterface
    """

    def __init__(self, iface) -> None:
        super().__init__(iface.mainWindow())
        self.iface = iface
        self.setWindowTitle(tr("Land subsidence: help"))
        self.setObjectName("subsidenceHelp")
        self.resize(1050, 760)
        self.algorithms = algorithms()
        self.titles = {name: a.displayName() for name, a in self.algorithms.items()}
        self.visited: list[str] = []
        self.filter = QLineEdit()
        self.filter.setObjectName("subsidenceHelpFilter")
        self.filter.setPlaceholderText(tr("Search the tools"))
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._narrow)
        self.filter.returnPressed.connect(self._choose_first)
        self.index = QTreeWidget()
        self.index.setObjectName("subsidenceHelpIndex")
        self.index.setHeaderHidden(True)
        self.page = QTextBrowser()
        self.page.setObjectName("subsidenceHelpPage")
        self.page.document().setDefaultStyleSheet(STYLE)
        self.page.document().setDocumentMargin(14)
        self.page.setOpenLinks(False)
        self.page.anchorClicked.connect(self._follow)
        self.back = QPushButton(tr("Back"))
        self.back.clicked.connect(self._go_back)
        self.tool = QPushButton(tr("Open this tool…"))
        self.tool.setObjectName("subsidenceHelpTool")
        self.tool.clicked.connect(self._open_tool)
        self._fill_index()
        self._arrange()
        self.index.currentItemChanged.connect(self._chosen)

    def show_page(self, name: str = "") -> None:
        """Show the page of an algorithm; the guide where the name is empty or unknown."""
        item = self._item(name) or self.index.topLevelItem(0)
        if item is self.index.currentItem():
            self._chosen(item)
        self.index.setCurrentItem(item)

    def _arrange(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.filter)
        column.addWidget(self.index)
        split = QSplitter()
        split.addWidget(left)
        split.addWidget(self.page)
        split.setSizes([300, 750])
        split.setStretchFactor(1, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.back, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.tool, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        for button in buttons.buttons():  # Enter in the search must not press one
            button.setAutoDefault(False)
            button.setDefault(False)
        layout = QVBoxLayout(self)
        layout.addWidget(split, 1)
        layout.addWidget(buttons)

    def _fill_index(self) -> None:
        first = QTreeWidgetItem(self.index, [tr("How to begin")])
        first.setData(0, NAME, "")
        groups: dict[str, QTreeWidgetItem] = {}
        for name, algorithm in self.algorithms.items():
            title = algorithm.group()
            if title not in groups:
                groups[title] = QTreeWidgetItem(self.index, [title])
                groups[title].setFlags(Qt.ItemFlag.ItemIsEnabled)
                groups[title].setExpanded(True)
            item = QTreeWidgetItem(groups[title], [algorithm.displayName()])
            item.setData(0, NAME, name)
            item.setToolTip(0, algorithm.id())

    def _items(self) -> list[QTreeWidgetItem]:
        tops = [self.index.topLevelItem(i) for i in range(self.index.topLevelItemCount())]
        return [top.child(i) for top in tops for i in range(top.childCount())]

    def _item(self, name: str) -> Optional[QTreeWidgetItem]:
        return next((item for item in self._items() if item.data(0, NAME) == name), None)

    def _narrow(self, text: str) -> None:
        """Leave what has every word of ``text`` in its title, name or help."""
        words = text.casefold().split()
        for item in self._items():
            algorithm = self.algorithms[item.data(0, NAME)]
            content = f"{algorithm.displayName()} {algorithm.name()} {algorithm.group()}"
            if words:
                content += algorithm.shortHelpString()
            item.setHidden(not all(word in content.casefold() for word in words))
        for i in range(1, self.index.topLevelItemCount()):
            top = self.index.topLevelItem(i)
            top.setHidden(all(top.child(k).isHidden() for k in range(top.childCount())))

    def _choose_first(self) -> None:
        """Show the page of the first tool that is left."""
        shown = next((item for item in self._items() if not item.isHidden()), None)
        if shown is not None:
            self.index.setCurrentItem(shown)

    def _chosen(self, item: Optional[QTreeWidgetItem], _before=None) -> None:
        """Show the page of an item of the index."""
        name = item.data(0, NAME) if item is not None else None
        if name is None:
            return
        algorithm = self.algorithms.get(name)
        if algorithm is None:
            self.page.setHtml(guide(self.titles))
        else:
            self.page.setHtml(f"<h1>{algorithm.displayName()}</h1>{self._linked(algorithm)}")
        self.tool.setEnabled(algorithm is not None)
        if not self.visited or self.visited[-1] != name:
            self.visited.append(name)
        self.back.setEnabled(len(self.visited) > 1)

    def _linked(self, algorithm: QgsProcessingAlgorithm) -> str:
        """Return an algorithm's help, where others that it names in italics are links."""
        text = algorithm.shortHelpString()
        for name in self.titles:
            if name != algorithm.name():
                text = text.replace(f"<i>{self.titles[name]}</i>", link(name, self.titles))
        return text

    def _follow(self, address: QUrl) -> None:
        if address.scheme() == SCHEME:
            self.show_page(address.path())
        else:
            QDesktopServices.openUrl(address)

    def _go_back(self) -> None:
        self.visited.pop()
        self.show_page(self.visited[-1])

    def _open_tool(self) -> None:
        """Open the dialog of the algorithm whose page is shown."""
        from .algorithm_dialog import open_dialog

        open_dialog(self.iface, f"{PROVIDER}:{self.visited[-1]}")
