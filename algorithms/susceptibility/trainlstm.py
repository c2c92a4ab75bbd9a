"""Train the LSTM network."""

from .network import NetworkTrainer


class TrainLSTM(NetworkTrainer):
    """Samples to a model file, with the LSTM architecture."""

    NAME = "trainlstm"
    TITLE = "Train LSTM"
    ARCHITECTURE = "lstm"
