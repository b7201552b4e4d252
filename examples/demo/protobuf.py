"""Just enough of the protobuf wire format to write files: fields of a message, as bytes to be concatenated."""
import struct


def varint(value):
    value &= (1 << 64) - 1
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def integer(number, value):
    return varint(number << 3) + varint(value)


def real(number, value):
    return varint(number << 3 | 5) + struct.pack("<f", value)


def data(number, content):
    """A string, bytes, or a message already encoded."""
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content
