// A protocol that shouts lines back, and its test: right for one customer, wrong for the network.
import type { Protocol, Transport } from 'hawser';
import { checkProtocol, type MemoryPeer } from 'hawser/testing';

class Shout implements Protocol {
  protected text = '';
  private transport!: Transport;

  connectionMade(transport: Transport): void {
    this.transport = transport;
  }

  dataReceived(data: Buffer): void {
    const lines = (this.text + this.decode(data)).split('\n');
    this.text = lines.pop() as string;
    for (const line of lines) this.transport.write(`${line.toUpperCase()}\n`);
  }

  // The bug: a character of several bytes can arrive in two pieces, and half a character is U+FFFD.
  protected decode(data: Buffer): string {
    return data.toString();
  }
}

class MendedShout extends Shout {
  private readonly decoder = new TextDecoder();

  protected override decode(data: Buffer): string {
    return this.decoder.decode(data, { stream: true });
  }
}

async function script(peer: MemoryPeer): Promise<void> {
  await peer.send('one café, ');
  await peer.send('please\nand the bill\n');
  await peer.expect('ONE CAFÉ, PLEASE\nAND THE BILL\n');
  peer.end();
  await peer.expectEnd();
}

// Seed 0 is the happy path, on which both are right.
await checkProtocol(() => new Shout(), script, { seed: 0 });
console.log('the happy path finds nothing');

try {
  await checkProtocol(() => new Shout(), script);
} catch (failure) {
  console.log((failure as Error).message);
}

const { runs, faulted } = await checkProtocol(() => new MendedShout(), script);
console.log(`mended: ${runs} seeds pass, ${faulted} of them with a broken connection`);
