"""The `websockets` package as a client of our server: ws_client.py CASE ws://HOST:PORT

Prints `ok` when the case went well."""

import asyncio
import itertools
import os
import ssl
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

case, base = sys.argv[1:]

# Short and long, alike and not, and more than a window of each.
MESSAGES = ["", "a", "again and again and again and again and again and again", os.urandom(300), "again and " * 4000]
MESSAGES += [os.urandom(20000), "".join(f'{{"id": {n}, "name": "item {n * n}"}}\n' for n in range(1000)), "again and again"]


def open_ws(path="/ws/echo", **options):
    if base.startswith("wss:"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        options["ssl"] = context
    options.setdefault("compression", None)
    return connect(base + path, max_size=None, proxy=None, ping_interval=None, **options)


async def echoed(ws, message):
    # Both ways at once: the server streams, and nobody has room for a whole large message in between.
    sending = asyncio.ensure_future(ws.send(message))
    back = await ws.recv()
    await sending
    assert type(back) is type(message), f"{type(message)} came back as {type(back)}"
    assert back == message, f"{len(message)} long, {len(back)} came back, or other ones"


async def text():
    async with open_ws() as ws:
        for message in ["", "a", "Hello, world!", "héllo ⟶ 🧵", "x" * 125, "x" * 126, "ü" * 40000, "𝄞" * 70000]:
            await echoed(ws, message)


async def binary():
    async with open_ws() as ws:
        for size in [0, 1, 125, 126, 127, 65535, 65536, 1000003]:
            await echoed(ws, os.urandom(size))


async def large():
    async with open_ws() as ws:
        await echoed(ws, os.urandom(16 << 20))
        await echoed(ws, "0123456789abcdef" * (1 << 20))


async def fragments():
    async with open_ws() as ws:
        pieces = ["one ", "", "two 🧵 ", "three", ""]
        await ws.send(pieces)
        assert await ws.recv() == "".join(pieces)
        pieces = [os.urandom(n) for n in [0, 1, 125, 70000, 0, 3]]
        await ws.send(pieces)
        assert await ws.recv() == b"".join(pieces)
        # A ping between two fragments is answered before the message ends.
        ponged = asyncio.Event()

        async def pieces_with_a_ping():
            yield "before "
            await (await ws.ping(b"between"))
            ponged.set()
            yield "after"

        await asyncio.gather(ws.send(pieces_with_a_ping()), expect(ws, "before after"))
        assert ponged.is_set()


async def expect(ws, message):
    back = await ws.recv()
    assert back == message, back


async def ping():
    async with open_ws() as ws:
        for payload in [b"", b"x", b"p" * 125]:
            latency = await (await ws.ping(payload))
            assert latency >= 0
        await ws.pong(b"unasked for")
        await echoed(ws, "still there")


async def close():
    for code, reason in [(1000, ""), (1000, "done"), (1001, "leaving"), (3000, "ü" * 61), (4999, "mine")]:
        ws = await open_ws()
        await echoed(ws, "x")
        await ws.close(code, reason)
        received = ws.protocol.close_rcvd
        assert received is not None, "the server did not answer the close frame"
        assert received.code == code, f"{code} was answered with {received.code}"
        assert ws.protocol.close_rcvd_then_sent is False


async def counter():
    async with open_ws("/ws/counter") as ws:
        seen = [int(await ws.recv()) for _ in range(8)]
        assert seen == list(range(seen[0], seen[0] + 8)), seen
        await ws.send("reset")
        last = seen[-1]
        while (value := int(await ws.recv())) > last:
            last = value
        assert value <= 1, value


async def mirror():
    async with open_ws("/ws/mirror") as one, open_ws("/ws/mirror") as other:
        stroke = '{"x0":0.25,"y0":0.5,"x1":0.75,"y1":0.5,"c":"#123456"}'
        await one.send(stroke)
        await expect(other, stroke)
        async with open_ws("/ws/mirror") as late:
            await expect(late, stroke)


async def many():
    async def one(number):
        async with open_ws() as ws:
            for turn in range(20):
                await echoed(ws, f"{number}.{turn}")

    await asyncio.gather(*(one(number) for number in range(100)))


async def offers():
    # Whether an offer is taken is the server's choice, but it takes no other, and what is echoed is the same.
    async with open_ws(compression="deflate", subprotocols=["unheard.of"]) as ws:
        assert ws.subprotocol in (None, "unheard.of"), ws.subprotocol
        await echoed(ws, "again and " * 5000)
        await echoed(ws, os.urandom(30000))


async def deflate():
    """Every combination of what may be offered."""
    for server, client, server_bits, client_bits in itertools.product(
        [False, True], [False, True], [None, 8, 12], [None, True, 9]
    ):
        offer = ClientPerMessageDeflateFactory(server, client, server_bits, client_bits)
        async with open_ws(extensions=[offer]) as ws:
            assert [extension.name for extension in ws.protocol.extensions] == ["permessage-deflate"]
            for message in MESSAGES:
                await echoed(ws, message)


async def unknown():
    try:
        async with open_ws("/ws/nowhere"):
            raise AssertionError("there is no such endpoint")
    except InvalidStatus as refusal:
        assert refusal.response.status_code == 404, refusal


async def abrupt():
    # The server must survive a peer that vanishes, and serve the next.
    for _ in range(5):
        ws = await open_ws()
        await ws.send(["half a message, ", "and"])
        ws.transport.abort()
        try:
            await ws.recv()
        except ConnectionClosed:
            pass
    async with open_ws() as ws:
        await echoed(ws, "still there")


asyncio.run(asyncio.wait_for(globals()[case](), 50))
print("ok")
