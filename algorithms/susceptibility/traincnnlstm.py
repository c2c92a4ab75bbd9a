"""Train the CNN-LSTM network."""

from .network import NetworkTrainer


class TrainCNNLSTM(NetworkTrainer):
    """Samples to a model file, with the CNN-LSTM architecture."""

    NAME = "traincnnlstm"
    TITLE = "Train CNN-LSTM"
    ARCHITECTURE = "cnnlstm"
