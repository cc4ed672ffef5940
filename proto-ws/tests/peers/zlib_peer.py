"""permessage-deflate by Python's zlib: reads jobs from standard input and writes what they come to.

A job is a byte for what to do, five of settings, and a list of messages; a list is its length and the length and bytes
of each. Lengths are four bytes, the lowest first.
"""

import struct
import sys
import zlib

TAIL = b"\x00\x00\xff\xff"


def read(count):
    data = sys.stdin.buffer.read(count)
    if len(data) < count:
        sys.exit(0)
    return data


def number():
    return struct.unpack("<I", read(4))[0]


def inflate(messages, bits, takeover):
    inflater = None
    for message in messages:
        if inflater is None or not takeover:
            inflater = zlib.decompressobj(-bits)
        made = inflater.decompress(message + TAIL)
        if inflater.eof or inflater.unconsumed_tail:
            sys.exit("a message ended early")
        yield made


def deflate(messages, bits, level, mem_level, strategy, takeover, finish):
    deflater = None
    for message in messages:
        if deflater is None or not takeover:
            deflater = zlib.compressobj(level, zlib.DEFLATED, -bits, mem_level, strategy)
        made = deflater.compress(message)
        if finish:
            # RFC 7692 7.2.3.4: a final block, and the header of an empty one of which the tail is the rest
            yield made + deflater.flush(zlib.Z_FINISH) + b"\x00"
            deflater = None
        else:
            made += deflater.flush(zlib.Z_SYNC_FLUSH)
            if not made.endswith(TAIL):
                sys.exit("a flush without its tail")
            yield made[:-4]


while True:
    what, bits, level, mem_level, strategy, takeover = read(6)
    messages = [read(number()) for _ in range(number())]
    if what == ord("i"):
        made = inflate(messages, bits, takeover)
    else:
        made = deflate(messages, bits, level, mem_level, strategy, takeover, what == ord("f"))
    for message in made:
        sys.stdout.buffer.write(struct.pack("<I", len(message)) + message)
