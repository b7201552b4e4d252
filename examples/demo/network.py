"""The classifier of the demo: one list of layers, from which training and all formats take it.

A layer is (kind, name, inputs, settings). The kinds:
  linear   input * scale + shift
  conv     outputs, kernel, stride, pad, group; no bias
  norm     batch normalisation
  relu, add, softmax
  max_pool 2x2, stride 2
  mean     over height and width, [N, C, 1, 1]
  dense    outputs; with bias; flattens its input
"""
LABELS = ["circle", "cross", "heart", "moon", "ring", "square", "star", "triangle"]
SIZE = 64  # pixels, height and width
INPUT = ("data", [1, 3, SIZE, SIZE])  # RGB, 0 to 255
OUTPUT = "prob"


def conv_norm(name, source, outputs, kernel=1, stride=1, group=1):
    pad = kernel // 2
    return [
        ("conv", name, [source], dict(outputs=outputs, kernel=kernel, stride=stride, pad=pad, group=group)),
        ("norm", name + "/norm", [name], {}),
    ]


def conv_norm_relu(name, source, *args, **settings):
    return conv_norm(name, source, *args, **settings) + [("relu", name + "/relu", [name + "/norm"], {})]


LAYERS = [
    ("linear", "pixels", ["data"], dict(scale=1 / 127.5, shift=-1.0)),
    *conv_norm_relu("stem", "pixels", 16, kernel=3, stride=2),
    ("max_pool", "pool", ["stem/relu"], {}),
    # Depthwise and pointwise.
    *conv_norm_relu("depth1", "pool", 16, kernel=3, group=16),
    *conv_norm_relu("point1", "depth1/relu", 32),
    # A residual block of full convolutions.
    *conv_norm_relu("left1", "point1/relu", 32, kernel=3),
    *conv_norm("right1", "left1/relu", 32, kernel=3),
    ("add", "sum1", ["right1/norm", "point1/relu"], {}),
    ("relu", "sum1/relu", ["sum1"], {}),
    *conv_norm_relu("depth2", "sum1/relu", 32, kernel=3, stride=2, group=32),
    *conv_norm_relu("point2", "depth2/relu", 64),
    # A residual block of separable convolutions.
    *conv_norm_relu("left2", "point2/relu", 64, kernel=3, group=64),
    *conv_norm("right2", "left2/relu", 64),
    ("add", "sum2", ["right2/norm", "point2/relu"], {}),
    ("relu", "sum2/relu", ["sum2"], {}),
    ("mean", "mean", ["sum2/relu"], {}),
    ("dense", "score", ["mean"], dict(outputs=len(LABELS))),
    ("softmax", OUTPUT, ["score"], {}),
]
EPSILON = 1e-5
