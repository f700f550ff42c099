// HTTP/1.0 and 1.1 by hand: kept-alive and pipelined requests, HEAD, and a limit on everything.
import { createServer } from 'hawser';
import { delimited, framed, type RemoteProtocolError } from 'hawser/codecs';

class Hello extends framed(() => delimited({ delimiter: '\r\n\r\n', limit: 16 * 1024 })) {
  messageReceived(head: Buffer): void {
    const [requestLine = '', ...headers] = head.toString('latin1').split('\r\n');
    const request = /^([A-Z]+) (\/\S*) HTTP\/1\.([01])$/.exec(requestLine);
    if (request === null) {
      this.#reply('400 Bad Request', 'This is not HTTP/1.\n', { last: true });
      return;
    }
    const [, method, target, minor] = request;
    const has = (header: RegExp) => headers.some((line) => header.test(line));
    const keepAlive =
      minor === '1' ? !has(/^connection: *close/i) : has(/^connection: *keep-alive/i);
    // Without reading bodies, what follows one could be taken for a request that nobody made.
    const last = !keepAlive || has(/^(transfer-encoding:|content-length:(?! *0+ *$))/i);
    const isHead = method === 'HEAD';
    if (isHead || method === 'GET') this.#reply('200 OK', `Hello, ${target}\n`, { last, isHead });
    else this.#reply('405 Method Not Allowed', 'GET and HEAD only.\n', { last });
  }

  override protocolError(error: RemoteProtocolError): void {
    if (error.code === 'ERR_MESSAGE_TRUNCATED') return;
    this.#reply('431 Request Header Fields Too Large', `${error.message}\n`, { last: true });
  }

  pauseWriting(): void {
    this.transport.pauseReading();
  }

  resumeWriting(): void {
    this.transport.resumeReading();
  }

  #reply(status: string, body: string, { last = false, isHead = false }): void {
    const head = [
      `HTTP/1.1 ${status}`,
      'Content-Type: text/plain; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `Connection: ${last ? 'close' : 'keep-alive'}`,
    ];
    this.transport.write(`${head.join('\r\n')}\r\n\r\n${isHead ? '' : body}`);
    if (last) this.transport.close();
  }
}

const server = await createServer(() => new Hello(), {
  host: '127.0.0.1',
  port: Number(process.env.PORT ?? 8080),
  firstDataTimeoutMs: 10_000,
  idleTimeoutMs: 30_000,
});
console.log(`Serving on ${server.addresses[0]}`);
