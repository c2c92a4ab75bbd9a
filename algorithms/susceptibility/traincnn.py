"""Train the CNN network."""

from .network import NetworkTrainer


class TrainCNN(NetworkTrainer):
    """Samples to a model file, with the CNN architecture."""

    NAME = "traincnn"
    TITLE = "Train CNN"
    ARCHITECTURE = "cnn"
