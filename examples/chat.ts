// A chat room for netcat: the first line is your name, and what you say goes to everybody else.
import { createServer, type Transport } from 'hawser';
import { framed, lines } from 'hawser/codecs';

const room = new Set<Member>();

class Member extends framed(() => lines({ limit: 512 })) {
  #name = '';

  override connectionMade(transport: Transport): void {
    super.connectionMade(transport);
    this.send('Your name?');
  }

  messageReceived(line: string): void {
    const text = line.trim();
    if (text === '') return;
    if (this.#name !== '') {
      this.#tellOthers(`${this.#name}: ${text}`);
      return;
    }
    this.#name = text.slice(0, 20);
    this.send(`Here: ${[...room].map((member) => member.#name).join(', ') || 'nobody else'}`);
    room.add(this);
    this.#tellOthers(`* ${this.#name} is here`);
  }

  connectionLost(): void {
    if (room.delete(this)) this.#tellOthers(`* ${this.#name} has left`);
  }

  // What others say cannot be held back, so a member who does not read has to go.
  pauseWriting(): void {
    this.transport.abort();
  }

  #tellOthers(text: string): void {
    for (const member of room) if (member !== this) member.send(text);
  }
}

const server = await createServer(() => new Member(), {
  host: '127.0.0.1',
  port: Number(process.env.PORT ?? 7000),
  maxConnectionsPerHost: 100,
});
console.log(`Serving on ${server.addresses[0]}`);
