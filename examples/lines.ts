// A handler that reads like a story: hawser/streams, for applications. It adds up numbers, one a line.
import { serve } from 'hawser/streams';

const server = await serve(
  async (connection) => {
    let sum = 0;
    for await (const line of connection.lines()) {
      if (line === 'bye') break;
      sum += Number(line);
      await connection.write(Number.isNaN(sum) ? 'Numbers only.\n' : `${sum}\n`);
      if (Number.isNaN(sum)) break;
    }
  },
  { host: '127.0.0.1', port: Number(process.env.PORT ?? 7002), idleTimeoutMs: 60_000 },
);
console.log(`Serving on ${server.addresses[0]}`);
