import { once } from 'node:events';
import { connect } from 'node:net';

const HELLO = 0;
const PROTOCOL_REVISION = 54_400;

/** Logs in over the native protocol and returns the number of the answer's packet: 0 is a welcome, 2 an exception. */
export async function nativeHello(port: number, username: string, password: string): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.end(hello(username, password));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return answer[0]!;
}

/** Returns the first packet of a client. */
export function hello(username: string, password: string): Buffer {
  return Buffer.concat([
    number(HELLO),
    text('test'),
    number(1),
    number(0),
    number(PROTOCOL_REVISION),
    text('default'),
    text(username),
    text(password),
  ]);
}

function number(value: number): Buffer {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
}

function text(value: string): Buffer {
  return Buffer.concat([number(Buffer.byteLength(value)), Buffer.from(value)]);
}
