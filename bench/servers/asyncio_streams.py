"""asyncio's high-level API. Arguments: mode (echo only), loop (asyncio or uvloop)."""

import asyncio
import gc
import signal
import sys

BACKLOG = 511


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


def collect():
    gc.collect()
    print("gc {}", flush=True)


async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, collect)
    server = await asyncio.start_server(echo, "127.0.0.1", 0, backlog=BACKLOG)
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if sys.argv[2] == "uvloop":
    import uvloop

    uvloop.install()
asyncio.run(main())
