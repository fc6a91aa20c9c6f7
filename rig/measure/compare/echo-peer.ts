import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { pathToFileURL } from 'node:url';

/**
 * The floor for any card on vpcd: a program that knows the answer to every command beforehand and looks it up. It shares
 * no code with the card or with its link. Run as `node echo-peer.js HOST PORT TABLE`, TABLE being a JSON file of commands
 * and answers in hexadecimal, and `atr`.
 */
export function serveEcho(host: string, port: number, table: Readonly<Record<string, string>>): void {
  const framed = (hex: string): Buffer => {
    const body = Buffer.from(hex, 'hex');
    return Buffer.concat([Buffer.from([body.length >> 8, body.length & 0xff]), body]);
  };
  // Messages as strings of a character a byte: nothing is quicker to look up.
  const key = (hex: string): string => Buffer.from(hex, 'hex').toString('latin1');
  const answers = new Map(Object.entries(table).map(([command, answer]) => [key(command), framed(answer)]));
  const unknown = framed('6D00');
  const atr = framed(table.atr as string);
  const socket = connect({ host, port, noDelay: true });
  let held: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    for (;;) {
      const length = held.length < 2 ? Number.POSITIVE_INFINITY : held.readUInt16BE(0);
      if (held.length < 2 + length) return;
      const message = held.toString('latin1', 2, 2 + length);
      held = held.subarray(2 + length);
      // One byte is for the reader: 04 asks for the ATR, others want no answer.
      if (length > 1) socket.write(answers.get(message) ?? unknown);
      else if (message === '\x04') socket.write(atr);
    }
  });
  socket.on('error', (error) => {
    process.stderr.write(`echo: ${error.message}\n`);
    process.exitCode = 1;
  });
}

const [program, host, port, table] = process.argv.slice(1);
if (program !== undefined && import.meta.url === pathToFileURL(program).href && table !== undefined) {
  serveEcho(host as string, Number(port), JSON.parse(readFileSync(table, 'utf8')));
}
