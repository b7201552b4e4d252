"""Draws the pictures of the demo: one shape in a random colour, place, size and angle on a noisy background.

    python3 shapes.py FOLDER [SEED]      draws two pictures of every shape
"""
import os
import struct
import sys
import zlib

import numpy

from network import LABELS, SIZE

SUPERSAMPLE = 3  # points per pixel and axis


def star_outline():
    angles = numpy.arange(10) * numpy.pi / 5
    radii = numpy.where(numpy.arange(10) % 2 == 0, 1.0, 0.42)
    return numpy.stack([radii * numpy.sin(angles), -radii * numpy.cos(angles)], axis=1)


def inside_polygon(x, y, outline):
    """Even-odd rule."""
    inside = numpy.zeros(x.shape, bool)
    for (x0, y0), (x1, y1) in zip(outline, numpy.roll(outline, -1, axis=0)):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


def inside(label, x, y):
    """Where the shape of about radius 1 around the origin is. y points down."""
    radius = numpy.hypot(x, y)
    if label == "circle":
        return radius < 0.85
    if label == "ring":
        return (radius < 0.95) & (radius > 0.58)
    if label == "square":
        return numpy.maximum(abs(x), abs(y)) < 0.75
    if label == "cross":
        return (numpy.minimum(abs(x), abs(y)) < 0.27) & (numpy.maximum(abs(x), abs(y)) < 0.9)
    if label == "triangle":
        return inside_polygon(x, y, [(0.0, -1.0), (0.87, 0.5), (-0.87, 0.5)])
    if label == "star":
        return inside_polygon(x, y, star_outline())
    if label == "moon":
        return (radius < 0.95) & (numpy.hypot(x - 0.45, y) > 0.75)
    if label == "heart":
        u, v = 1.25 * x, -1.25 * y + 0.15
        return (u * u + v * v - 1) ** 3 < u * u * v**3
    raise ValueError(label)


def draw(label, random):
    """A picture, uint8 [64, 64, 3], RGB."""
    points = (numpy.arange(SIZE * SUPERSAMPLE) + 0.5) / SUPERSAMPLE
    size = random.uniform(12, 24)
    centre_x, centre_y = random.uniform(size + 2, SIZE - size - 2, 2)
    angle = random.uniform(-0.45, 0.45)
    x, y = numpy.meshgrid((points - centre_x) / size, (points - centre_y) / size)
    x, y = x * numpy.cos(angle) + y * numpy.sin(angle), y * numpy.cos(angle) - x * numpy.sin(angle)
    cover = inside(label, x, y).reshape(SIZE, SUPERSAMPLE, SIZE, SUPERSAMPLE).mean(axis=(1, 3))[..., None]

    while True:  # colours that can be told apart
        paint, ground = random.uniform(0, 255, (2, 3))
        if abs(paint - ground).max() > 90:
            break
    slope = random.uniform(-20, 20, (2, 3))
    ramp = numpy.linspace(-1, 1, SIZE)
    background = ground + ramp[:, None, None] * slope[0] + ramp[None, :, None] * slope[1]
    noise = random.normal(0, random.uniform(4, 16), (SIZE, SIZE, 3))
    picture = cover * paint + (1 - cover) * background + noise
    return numpy.clip(numpy.rint(picture), 0, 255).astype(numpy.uint8)


def draw_set(count, seed):
    """count pictures, uint8 [count, 64, 64, 3], and their label numbers; the labels take turns."""
    random = numpy.random.Generator(numpy.random.PCG64(seed))
    labels = numpy.arange(count) % len(LABELS)
    return numpy.stack([draw(LABELS[label], random) for label in labels]), labels


def write_png(path, picture):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, _ = picture.shape
    rows = b"".join(b"\0" + row.tobytes() for row in picture)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.write(chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)))
        file.write(chunk(b"IDAT", zlib.compress(rows, 9)))
        file.write(chunk(b"IEND", b""))


def main():
    folder, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    os.makedirs(folder, exist_ok=True)
    pictures, labels = draw_set(2 * len(LABELS), seed)
    for i, (picture, label) in enumerate(zip(pictures, labels)):
        write_png(os.path.join(folder, f"{LABELS[label]}_{i // len(LABELS) + 1}.png"), picture)


if __name__ == "__main__":
    main()
