// hawser/streams: one async function per connection. Arguments: mode (echo only), engine.
import process from 'node:process';
import { serve } from 'hawser/streams';
import { announce, BACKLOG } from './announce.mjs';

async function echo(connection) {
  for await (const chunk of connection) await connection.write(chunk);
}

const server = await serve(echo, {
  host: '127.0.0.1',
  backlog: BACKLOG,
  engine: process.argv[3],
});
announce(server.addresses[0].port);
