"""Networks that forecast deformation: spatial encoder, temporal encoder, decoder (R, Section 3.2).

A part is one file: the module and its declared hyperparameters. ``registry`` joins one spatial and
one temporal encoder and a decoder to a forecaster; adding a part touches its file and a line there.
"""
