"""Trains the demo's classifier and writes everything that is committed beside this file:
shapes.onnx, shapes.prototxt, shapes.caffemodel, labels.txt, pictures/. Needs python3-torch; a few minutes on one core.
The same seed on the same version of PyTorch gives the same files.
"""
import os

import numpy
import torch

import shapes
import write_caffe
import write_onnx
from network import EPSILON, LAYERS, OUTPUT

HERE = os.path.dirname(os.path.abspath(__file__))
TRAIN_SEED, TEST_SEED, PICTURE_SEED = 2024, 7, 1
TRAIN_COUNT, TEST_COUNT = 12000, 4000
EPOCHS, BATCH, TOP_RATE = 10, 64, 8e-3


class Classifier(torch.nn.Module):
    """The layers of network.py, without the softmax at the end."""

    def __init__(self):
        super().__init__()
        self.parts = torch.nn.ModuleDict()
        channels = {"data": 3}
        for kind, name, inputs, settings in LAYERS:
            width = channels[inputs[0]]
            channels[name] = settings.get("outputs", width)
            if kind == "conv":
                self.parts[name] = torch.nn.Conv2d(width, settings["outputs"], settings["kernel"], settings["stride"], settings["pad"], groups=settings["group"], bias=False)
            elif kind == "norm":
                self.parts[name] = torch.nn.BatchNorm2d(width, eps=EPSILON)
            elif kind == "dense":
                self.parts[name] = torch.nn.Linear(width, settings["outputs"])

    def forward(self, data):
        values = {"data": data}
        for kind, name, inputs, settings in LAYERS:
            value = values[inputs[0]]
            if name in self.parts:
                value = self.parts[name](value.flatten(1) if kind == "dense" else value)
            elif kind == "linear":
                value = value * settings["scale"] + settings["shift"]
            elif kind == "relu":
                value = torch.relu(value)
            elif kind == "add":
                value = value + values[inputs[1]]
            elif kind == "max_pool":
                value = torch.nn.functional.max_pool2d(value, 2)
            elif kind == "mean":
                value = value.mean((2, 3), keepdim=True)
            values[name] = value
        return values[OUTPUT]

    def weights(self):
        """{layer: {weight: array}} for the writers."""
        result = {}
        for kind, name, _, settings in LAYERS:
            part = self.parts[name] if name in self.parts else None
            if kind == "linear":
                result[name] = {"scale": numpy.float32(settings["scale"]).reshape(1), "shift": numpy.float32(settings["shift"]).reshape(1)}
            elif kind == "norm":
                result[name] = {"scale": part.weight, "shift": part.bias, "mean": part.running_mean, "variance": part.running_var}
            elif part is not None:
                result[name] = dict(part.named_parameters())
        return {name: {key: numpy.asarray(value.detach() if torch.is_tensor(value) else value) for key, value in values.items()} for name, values in result.items()}


def to_batch(pictures):
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float()


def accuracy(model, pictures, labels):
    model.eval()
    with torch.no_grad():
        found = torch.cat([model(to_batch(part)).argmax(1) for part in numpy.array_split(pictures, 20)])
    return (found.numpy() == labels).mean()


def train(model, pictures, labels):
    steps = EPOCHS * (len(pictures) // BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, TOP_RATE, total_steps=steps)
    order = torch.Generator().manual_seed(TRAIN_SEED)
    for epoch in range(EPOCHS):
        model.train()
        losses = []
        for chosen in torch.randperm(len(pictures), generator=order)[: steps // EPOCHS * BATCH].split(BATCH):
            loss = torch.nn.functional.cross_entropy(model(to_batch(pictures[chosen.numpy()])), torch.from_numpy(labels)[chosen], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        print(f"epoch {epoch + 1}: loss {sum(losses) / len(losses):.4f}", flush=True)


def main():
    torch.manual_seed(TRAIN_SEED)
    torch.set_num_threads(1)
    model = Classifier()
    train(model, *shapes.draw_set(TRAIN_COUNT, TRAIN_SEED))
    print(f"right on {100 * accuracy(model, *shapes.draw_set(TEST_COUNT, TEST_SEED)):.2f} % of {TEST_COUNT} pictures never seen")

    weights = model.weights()
    write_onnx.write(os.path.join(HERE, "shapes.onnx"), weights)
    write_caffe.write(os.path.join(HERE, "shapes.prototxt"), os.path.join(HERE, "shapes.caffemodel"), weights)
    with open(os.path.join(HERE, "labels.txt"), "w") as file:
        file.writelines(label + "\n" for label in shapes.LABELS)
    os.makedirs(os.path.join(HERE, "pictures"), exist_ok=True)
    pictures, labels = shapes.draw_set(2 * len(shapes.LABELS), PICTURE_SEED)
    for i, (picture, label) in enumerate(zip(pictures, labels)):
        shapes.write_png(os.path.join(HERE, "pictures", f"{shapes.LABELS[label]}_{i // len(shapes.LABELS) + 1}.png"), picture)


if __name__ == "__main__":
    main()
