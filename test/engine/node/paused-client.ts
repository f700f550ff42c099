import { connect, type Transport } from 'hawser';
import { NodeEngine } from '#hawser/engine/node/engine';

/*
 * Connects to the port given, pauses, and resumes from a timer that does not keep
 * the process alive: only the connection does.
 */
let paused: Transport;
const { transport } = await connect(
  () => ({
    connectionMade(made: Transport) {
      made.pauseReading();
      paused = made;
    },
    dataReceived(data: Buffer) {
      console.log(`received ${data} after a pause`);
      paused.close();
    },
  }),
  { host: '127.0.0.1', port: Number(process.argv[2]), engine: new NodeEngine(null) },
);
setTimeout(() => transport.resumeReading(), 20).unref();
