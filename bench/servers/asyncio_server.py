"""asyncio's low-level API. Arguments: mode, loop (asyncio or uvloop).

Both loops set TCP_NODELAY on accepted sockets themselves.
"""

import asyncio
import gc
import signal
import sys

BACKLOG = 511
CHUNK = bytes((i * 31 + (i >> 8)) & 255 for i in range(65536))


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


class Sink(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.count = 0

    def data_received(self, data):
        self.count += len(data)

    def eof_received(self):
        self.transport.write(b"%d\n" % self.count)


class Source(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.paused = False
        self.fill()

    def fill(self):
        while not self.paused and not self.transport.is_closing():
            self.transport.write(CHUNK)

    def pause_writing(self):
        self.paused = True

    def resume_writing(self):
        self.paused = False
        self.fill()


class Lines(Echo):
    def connection_made(self, transport):
        super().connection_made(transport)
        self.unfinished = b""

    def data_received(self, data):
        lines = (self.unfinished + data).split(b"\n")
        self.unfinished = lines.pop()
        for line in lines:
            self.transport.write(line + b"\n")


def collect():
    gc.collect()
    print("gc {}", flush=True)


async def main(mode):
    protocol = {"echo": Echo, "sink": Sink, "source": Source, "lines": Lines}[mode]
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR2, collect)
    server = await loop.create_server(protocol, "127.0.0.1", 0, backlog=BACKLOG)
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if sys.argv[2] == "uvloop":
    import uvloop

    uvloop.install()
asyncio.run(main(sys.argv[1]))
