"""Train the DRDN network."""

from .network import NetworkTrainer


class TrainDRDN(NetworkTrainer):
    """Samples to a model file, with the DRDN architecture."""

    NAME = "traindrdn"
    TITLE = "Train DRDN"
    ARCHITECTURE = "drdn"
