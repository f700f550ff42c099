// must not compile: error TS2561 mentioning TCP_INFO
import { createServer } from 'hawser';

export function program(): void {
  void createServer(() => ({ dataReceived() {} }), { connectionOptions: { TCP_INFO: 1 } });
}
