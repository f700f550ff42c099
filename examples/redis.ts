// A key–value server that speaks the Redis protocol: redis-cli and redis-benchmark take it for Redis.
import { createServer } from 'hawser';
import { framed, RespError, type RespInput, RespSimple, type RespValue, resp } from 'hawser/codecs';

const OK = new RespSimple('OK');
const PONG = new RespSimple('PONG');
const store = new Map<string, string>();

/** A string among the results is sent as a bulk string, null as the nil that redis-cli shows. */
const commands = new Map<string, (...args: string[]) => RespInput>([
  ['PING', (message) => message ?? PONG],
  ['SET', (key, value) => store.set(key!, value!) && OK],
  ['GET', (key) => store.get(key!) ?? null],
  ['DEL', (...keys) => keys.filter((key) => store.delete(key)).length],
  ['EXISTS', (...keys) => keys.filter((key) => store.has(key)).length],
  ['DBSIZE', () => store.size],
  ['CONFIG', (_get, name) => [name!, '']], // redis-benchmark asks for two settings
]);
/** How many arguments a command cannot do without. */
const needed: Record<string, number> = { SET: 2, GET: 1, DEL: 1, EXISTS: 1, CONFIG: 2 };

// latin1 keeps every byte as one character: keys and values may be any bytes.
class KeyValue extends framed<RespInput, RespValue>(() =>
  resp({ limit: 1024 * 1024, encoding: 'latin1' }),
) {
  messageReceived(message: RespValue): void {
    if (isCommand(message)) this.send(answer(message));
    else this.send(new RespError('ERR a command is an array of strings'));
  }

  pauseWriting(): void {
    this.transport.pauseReading();
  }

  resumeWriting(): void {
    this.transport.resumeReading();
  }
}

function isCommand(message: RespValue): message is string[] {
  return Array.isArray(message) && message.every((item) => typeof item === 'string');
}

function answer([name = '', ...args]: string[]): RespInput {
  const known = commands.has(name) ? name : name.toUpperCase();
  const command = commands.get(known);
  if (command === undefined)
    return new RespError(`ERR unknown command ${JSON.stringify(name.slice(0, 64))}`);
  if (args.length >= (needed[known] ?? 0)) return command(...args);
  return new RespError(`ERR wrong number of arguments for '${known.toLowerCase()}' command`);
}

const server = await createServer(() => new KeyValue(), {
  host: '127.0.0.1',
  port: Number(process.env.PORT ?? 6379),
});
console.log(`Serving on ${server.addresses[0]}`);
