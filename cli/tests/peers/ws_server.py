"""The `websockets` package as a server for our client: ws_server.py [CERT KEY]

Prints the port it listens on, then, for each connection, `ok` or what went wrong. The path says what to do."""

import asyncio
import os
import ssl
import sys
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory


async def drive(ws):
    """The client echoes whatever it gets."""
    for message in ["", "Hello, world!", "héllo ⟶ 🧵", b"", b"\x00\xff", "x" * 126, os.urandom(65536), "ü" * 400000]:
        await echoed(ws, message)
    await echoed(ws, os.urandom(16 << 20))
    await ws.send(["one ", "", "two 🧵 ", "three"])
    assert await ws.recv() == "one two 🧵 three"
    await ws.send([b"\x01" * 70000, b"", b"\x02"])
    assert await ws.recv() == b"\x01" * 70000 + b"\x02"
    for payload in [b"", b"p" * 125]:
        await (await ws.ping(payload))

    async def pieces():
        yield "before "
        await (await ws.ping(b"between"))
        yield "after"

    sending = asyncio.ensure_future(ws.send(pieces()))
    assert await ws.recv() == "before after"
    await sending
    await ws.close(4000, "that was all")
    assert ws.protocol.close_rcvd.code == 4000, ws.protocol.close_rcvd


async def echoed(ws, message):
    sending = asyncio.ensure_future(ws.send(message))
    back = await ws.recv()
    await sending
    assert type(back) is type(message) and back == message, f"{len(message)} became {len(back)} or other"


async def squeeze(ws):
    """The client echoes what it gets, all of it compressed."""
    assert [extension.name for extension in ws.protocol.extensions] == ["permessage-deflate"]
    messages = ["", "a", "again and again and again and again", os.urandom(300), "again and " * 9000, os.urandom(40000)]
    for message in messages + ["".join(f"item {n * n}\n" for n in range(9000)), "again and again"]:
        await echoed(ws, message)
    await ws.close(1000)


async def talk(ws):
    """Says what it got, and what kind it was."""
    async for message in ws:
        if isinstance(message, str):
            await ws.send(f"text {len(message)}: {message}")
        else:
            await ws.send(f"binary {len(message)}: {message.hex()}")
    assert ws.protocol.close_rcvd.code == 1000, ws.protocol.close_rcvd


async def close(ws):
    query = parse_qs(urlsplit(ws.request.path).query)
    await ws.close(int(query["code"][0]), query["reason"][0])
    assert ws.protocol.close_rcvd.code == int(query["code"][0]), ws.protocol.close_rcvd


async def hello(ws):
    """Tells what the opening handshake asked for."""
    await ws.send(f"subprotocol {ws.subprotocol}")
    await ws.send(f"x-test {ws.request.headers.get('X-Test')}")
    await ws.close(1000)


async def vanish(ws):
    """Goes away without closing."""
    await ws.send("last words")
    ws.transport.abort()


async def handler(ws):
    try:
        await {"drive": drive, "squeeze": squeeze, "talk": talk, "close": close, "hello": hello, "vanish": vanish}[
            urlsplit(ws.request.path).path.strip("/")
        ](ws)
        print("ok")
    except (AssertionError, ConnectionClosed, KeyError) as error:
        print(f"failed: {error!r}")
        await ws.close(1011)


def refuse(connection, request):
    if request.path == "/refuse":
        return connection.respond(403, "not you\n")


def choose(connection, offered):
    return next((known for known in ["chat.v2", "chat.v1"] if known in offered), None)


async def main():
    context = None
    if len(sys.argv) > 1:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*sys.argv[1:])
    extensions = None
    if "DEFLATE" in os.environ:
        # two times whether, and two times how many bits; 0 for none
        server, client, server_bits, client_bits = map(int, os.environ["DEFLATE"].split())
        extensions = [ServerPerMessageDeflateFactory(bool(server), bool(client), server_bits or None, client_bits or None)]
    options = dict(extensions=extensions, compression=None, ssl=context, max_size=None, ping_interval=None, select_subprotocol=choose)
    async with serve(handler, "127.0.0.1", 0, process_request=refuse, **options) as server:
        print(f"port {server.sockets[0].getsockname()[1]}")
        # Ends with its standard input, so that it never outlives the test.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
