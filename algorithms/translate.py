"""One translation context for the whole plugin, see ``subsidence_plugin/translate.py``."""

from ..subsidence_plugin.translate import CONTEXT, tr

__all__ = ["CONTEXT", "tr"]
