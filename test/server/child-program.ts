import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';

const hawser = JSON.stringify(import.meta.resolve('hawser'));

/** What a child process is given a copy of: a descriptor, or a connection of node:net, which then stops to read. */
export type Passed = number | Socket;

/**
 * Becomes node with listening sockets at the descriptors from `first` on, and with the variables
 * of systemd: `first count names node …`.
 */
const BECOME_NODE = `
import os, socket, sys
first, count, names = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
sockets = [socket.create_server(('127.0.0.1', 0)) for _ in range(count)]
moved = [os.dup2(s.fileno(), 100 + i, False) for i, s in enumerate(sockets)]
for i, fd in enumerate(moved): os.dup2(fd, first + i, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(count), LISTEN_FDNAMES=names)
os.execv(sys.argv[4], sys.argv[4:])
`;

/** An ESM program in a process of its own that has `hawser` in scope and talks in lines of JSON. */
export class ChildProgram {
  private readonly child;
  private readonly lines: AsyncIterator<string>;

  /**
   * @param descriptors what it has from descriptor 3 on
   * @param command what runs it
   */
  constructor(source: string, descriptors: readonly Passed[] = [], command = [process.execPath]) {
    const [file, ...first] = command as [string, ...string[]];
    const code = `import * as hawser from ${hawser};
      const say = (value) => console.log(JSON.stringify(value));
      const echo = () => { let transport; return {
        connectionMade(made) { transport = made; },
        dataReceived(data) { transport.write(data); },
      }; };
      ${source}`;
    this.child = spawn(file, [...first, '--input-type=module', '--eval', code], {
      stdio: ['ignore', 'pipe', 'inherit', ...descriptors],
      timeout: 30_000,
    });
    this.lines = createInterface(this.child.stdout!)[Symbol.asyncIterator]();
  }

  /** One that an exec started with listening sockets from descriptor `first` on, one for each name. Needs python3. */
  static withSockets(source: string, first: number, names: readonly string[]): ChildProgram {
    const numbers = [first, names.length].map(String);
    const command = ['python3', '-c', BECOME_NODE, ...numbers, names.join(':'), process.execPath];
    return new ChildProgram(source, [], command);
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** The next value it says. */
  async hears(): Promise<unknown> {
    const { value, done } = await this.lines.next();
    if (done) throw new Error('the program ended without another word');
    return JSON.parse(value);
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill();
    await exited;
  }
}
