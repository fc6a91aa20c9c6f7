import { connect, createServer, type Socket } from 'node:net';
import { inflateSync } from 'node:zlib';
import { decodeBase45 } from '../../rig/life/credential/base45.ts';

/** One request or answer, as it went over the line. */
export interface HttpMessage {
  /** `POST /v1/activations/{id}/commit`: identifiers are replaced. */
  readonly route: string;
  readonly part: 'request' | 'answer';
  /** Request or status line, and headers. */
  readonly head: string;
  readonly body: Buffer;
}

export interface HttpRecorder {
  /** In no order. @throws {Error} something went over the line that is no HTTP */
  messages(): HttpMessage[];
  close(): void;
}

/**
 * Stands between clients and a server on the same port of another loopback address, and keeps every byte that passes. The
 * server sees the Host that the clients name.
 */
export async function recordHttp(port: number, server: string): Promise<HttpRecorder> {
  const lines: { readonly there: Buffer[]; readonly back: Buffer[] }[] = [];
  const open = new Set<Socket>();
  const relay = createServer((client) => {
    const line = { there: [] as Buffer[], back: [] as Buffer[] };
    lines.push(line);
    const onward = connect(port, server);
    for (const [from, to, kept] of [
      [client, onward, line.there],
      [onward, client, line.back],
    ] as const) {
      open.add(from);
      from.on('data', (part: Buffer) => {
        kept.push(part);
        to.write(part);
      });
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => open.delete(from));
    }
  });
  await new Promise<void>((listening) => relay.listen(port, '127.0.0.1', listening));
  return {
    messages: () => lines.flatMap(({ there, back }) => exchangesOf(Buffer.concat(there), Buffer.concat(back))),
    close: () => {
      relay.close();
      for (const socket of open) socket.destroy();
    },
  };
}

function exchangesOf(there: Buffer, back: Buffer): HttpMessage[] {
  const requests = messagesOf(there);
  const answers = messagesOf(back);
  return requests.flatMap(({ head, body }, i) => {
    const [method, path = ''] = head.split(' ');
    const route = `${method} ${path.split('?')[0]?.replace(/\/(act|app|ctx|dlg)_\w+/g, '/{id}')}`;
    const answer = answers[i];
    return [
      { route, part: 'request', head, body },
      ...(answer === undefined ? [] : [{ route, part: 'answer', ...answer } as const]),
    ] satisfies HttpMessage[];
  });
}

function messagesOf(bytes: Buffer): { head: string; body: Buffer }[] {
  const found: { head: string; body: Buffer }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\r\n\r\n', at);
    if (end < 0) throw new Error(`no head of HTTP: ${bytes.subarray(at, at + 40).toString('latin1')}`);
    const head = bytes.subarray(at, end).toString('latin1');
    at = end + 4;
    if (/^transfer-encoding: chunked/im.test(head)) {
      const parts: Buffer[] = [];
      for (;;) {
        const line = bytes.indexOf('\r\n', at);
        const length = Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16);
        parts.push(bytes.subarray(line + 2, line + 2 + length));
        at = line + 2 + length + 2;
        if (!(length > 0)) break;
      }
      found.push({ head, body: Buffer.concat(parts) });
      continue;
    }
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    found.push({ head, body: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}

const JWS = /[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/g;
const DISCLOSURE = /~([\w-]{10,})/g;
const OFFLINE_QR = /VT1:[0-9A-Z $%*+\-./:]+/g;

/**
 * What there is to search in a message: it as it is, what stands packed in it (signed requests, disclosures, offline QR
 * codes), and the bytes of APDUs. Hexadecimal digits of APDUs are not searched as text: six of them are any code by chance.
 */
export function searchable({ head, body }: HttpMessage): Buffer {
  const apdus: Buffer[] = [];
  const text = `${head}\n${body.toString('utf8')}`.replace(
    /"(command|answer)":"([0-9a-f]*)"/g,
    (_all, _name, hex: string) => {
      apdus.push(Buffer.from(hex, 'hex'));
      return '';
    },
  );
  return Buffer.concat([Buffer.from(text), ...apdus, ...unpacked(text)]);
}

function unpacked(text: string): Buffer[] {
  const tokens = [...text.matchAll(JWS)].flatMap(([token]) =>
    token.split('.').map((part) => Buffer.from(part, 'base64url')),
  );
  const disclosures = [...text.matchAll(DISCLOSURE)].map(([, part = '']) => Buffer.from(part, 'base64url'));
  const codes = [...text.matchAll(OFFLINE_QR)].map(([code]) => inflateSync(decodeBase45(code.slice(4))));
  const inner = tokens.map((part) => part.toString('utf8')).filter((part) => part.search(OFFLINE_QR) >= 0);
  return [...tokens, ...disclosures, ...codes, ...inner.flatMap(unpacked)];
}
