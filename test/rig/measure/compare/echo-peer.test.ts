import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveEcho } from '../../../../rig/measure/compare/echo-peer.ts';

/** vpcd's side of its protocol, as vsmartcard has it: two bytes of length, then the message. */
let server: Server;
let socket: Socket;
beforeEach(async () => {
  server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  serveEcho('127.0.0.1', (server.address() as AddressInfo).port, {
    atr: '3B80',
    '00A4040000': '61009000',
    '00B0000004': '010203049000',
  });
  [socket] = (await accepted) as [Socket];
});
afterEach(async () => {
  socket.end();
  server.close();
  await once(server, 'close');
});

const message = (hex: string): Buffer => {
  const body = Buffer.from(hex, 'hex');
  return Buffer.concat([Buffer.from([0, body.length]), body]);
};

/** So many bytes of what it says, however they come. */
async function hear(length: number): Promise<string> {
  let heard = Buffer.alloc(0);
  while (heard.length < length) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    heard = Buffer.concat([heard, chunk]);
  }
  return heard.toString('hex').toUpperCase();
}

describe('the echo card', () => {
  it.each([
    ['00A4040000', '000461009000'],
    ['00B0000004', '0006010203049000'],
    ['00CA000000', '00026D00'],
    ['04', '00023B80'],
  ])('answers %s with %s', async (command, answer) => {
    socket.write(message(command));
    expect(await hear(answer.length / 2)).toBe(answer);
  });

  it('says nothing to power and reset', async () => {
    // 00 off, 01 on, 02 reset: the next answer is that of the command after them.
    socket.write(Buffer.concat([message('00'), message('01'), message('02'), message('00B0000004')]));
    expect(await hear(8)).toBe('0006010203049000');
  });

  it('understands messages in pieces and several at once', async () => {
    const two = Buffer.concat([message('04'), message('00A4040000')]);
    socket.setNoDelay(true);
    for (const byte of two) socket.write(Uint8Array.of(byte));
    expect(await hear(10)).toBe('00023B80000461009000');
    socket.write(two);
    expect(await hear(10)).toBe('00023B80000461009000');
  });
});
