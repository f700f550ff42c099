// Calls by JSON in frames with a 4-byte length. `rpc.js` serves; `rpc.js call add 1 2` asks it.
import { connect, createServer } from 'hawser';
import { framed, lengthPrefixed } from 'hawser/codecs';

type Call = { id: number; method: string; params: unknown[] };
type Answer = { id: number; result?: unknown; error?: string };
type Pending = { resolve(result: unknown): void; reject(error: Error): void };

const frames = () => lengthPrefixed({ limit: 64 * 1024 });
const toFrame = (message: Call | Answer) => Buffer.from(JSON.stringify(message));

const methods = new Map<string, (...params: never[]) => unknown>([
  ['add', (a: number, b: number) => a + b],
  ['later', (ms: number) => new Promise((done) => setTimeout(done, ms, `after ${ms} ms`))],
]);

class Service extends framed(frames) {
  // Answers go out as they are ready; a frame that is not JSON rejects, which ends the connection.
  async messageReceived(frame: Buffer): Promise<void> {
    const { id, method, params } = JSON.parse(frame.toString()) as Call;
    const run = methods.get(method);
    if (run) this.send(toFrame({ id, result: await run(...(params as never[])) }));
    else this.send(toFrame({ id, error: `there is no method ${method}` }));
  }
}

class Client extends framed(frames) {
  #pending = new Map<number, Pending>();
  #lastId = 0;

  call(method: string, ...params: unknown[]): Promise<unknown> {
    const id = ++this.#lastId;
    this.send(toFrame({ id, method, params }));
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  messageReceived(frame: Buffer): void {
    const { id, result, error } = JSON.parse(frame.toString()) as Answer;
    const waiting = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error));
  }

  connectionLost(error: Error | null): void {
    for (const { reject } of this.#pending.values()) reject(error ?? new Error('hung up'));
  }
}

const at = { host: '127.0.0.1', port: Number(process.env.PORT ?? 7001) };
const [command, method = '', ...params] = process.argv.slice(2);
if (command === 'call') {
  const client = new Client();
  const { transport } = await connect(() => client, at);
  console.log(await client.call(method, ...params.map((text) => JSON.parse(text))));
  transport.close();
} else console.log(`Serving on ${(await createServer(() => new Service(), at)).addresses[0]}`);
