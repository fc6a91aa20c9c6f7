import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChannel } from '../../../rig/channel/open-channel.ts';
import { readSessionKeys, SessionKeyRecorder } from '../../../rig/channel/session-key-file.ts';
import { plainOnly, withPlain } from '../../../rig/trace/inside-channel.ts';
import type { CommandEvent, ResponseEvent, TraceEvent, TraceHeader } from '../../../rig/trace/model.ts';
import { openTrace } from '../../../rig/trace/open-trace.ts';
import { RecordedSession } from '../../../rig/trace/record/recorded-reader.ts';
import { redactedSource } from '../../../rig/trace/session-redactor.ts';
import { TraceWriter } from '../../../rig/trace/writer.ts';
import { fromHex, toHex } from '../../../src/apdu/hex.ts';
import type { CardSession } from '../../../src/hal/reader.ts';
import { VirtualClock } from '../../../src/hal/virtual/clock.ts';
import { crypto, requestWith, smallCard, wireOf, withTerminal } from '../channel/small-card.ts';

const READ_TEXT = fromHex('00B0850018');
/** Twelve digits of a code and a NIR with its key, as the small card's only file. */
const PERSON = '275126322074974';

const folder = mkdtempSync(join(tmpdir(), 'vitap-inside-'));
afterAll(() => rmSync(folder, { recursive: true }));
const traceFile = join(folder, 'session.jsonl');
const keyFile = join(folder, 'session.keys.json');

/** A tap of a card that has a NIR, recorded with its keys: reads in clear and inside, and a code set inside. */
async function record(carry: (session: CardSession) => CardSession, trace: string, keys: string): Promise<void> {
  const files = new Map(smallCard().options.files);
  files.set(0x05, { content: Buffer.from(PERSON), needs: 'terminal' });
  const card = smallCard({ more: { files } });
  const recorder = new SessionKeyRecorder(keys);
  const writer = await TraceWriter.create(
    trace,
    { source: 'test', backend: 'simulated', interface: 'contactless', sessionKeys: recorder.id },
    {},
  );
  const wire = new RecordedSession(
    carry(wireOf((command) => card.exchange(command)).session),
    writer,
    new VirtualClock(),
  );
  const { session } = await openChannel(wire, requestWith({ ...withTerminal(), onKeys: recorder.add }));
  await session.transmit(READ_TEXT);
  // RESET RETRY COUNTER: the small card does not know it, and the code crosses the wire all the same.
  await session.transmit(fromHex('002C020306313233343536'));
  await session.transmit(fromHex('00B0850008'));
  await writer.close();
  recorder.write();
}

beforeAll(() => record((session) => session, traceFile, keyFile));

async function read(
  file = traceFile,
  keys: string | null = keyFile,
  masked = true,
): Promise<{ header: TraceHeader; events: TraceEvent[]; count: { protected: number; opened: number } }> {
  const trace = await openTrace(file);
  const count = { protected: 0, opened: 0 };
  const opened = keys === null ? trace.source : withPlain(trace.source, readSessionKeys(keys), crypto, count);
  const source = masked ? redactedSource(opened) : opened;
  const events: TraceEvent[] = [];
  for await (const event of source.events()) events.push(event);
  await trace.close();
  return { header: source.header, events, count };
}

const isApdu = (event: TraceEvent): event is CommandEvent | ResponseEvent =>
  event.type === 'command' || event.type === 'response';
/** What was inside, command and answer in one line. */
const inside = (events: readonly TraceEvent[]): string[] =>
  events.filter(isApdu).flatMap(({ plain }) => (plain === undefined ? [] : [plain.apdu]));

describe('a trace of a channel', () => {
  it('is what went over the wire: all commands are there, no NIR and no code', () => {
    const text = readFileSync(traceFile, 'utf8');
    const commands = text.split('\n').filter((line) => line.includes('"command"'));
    // 2 in clear for EF.CardAccess, 5 of PACE, 7 of terminal authentication, 2 of EF.CardSecurity (this card's is not
    // signed and begins otherwise, so that the reader also looks for it by its identifier), 2 of chip authentication,
    // 3 of ours.
    expect(commands).toHaveLength(21);
    for (const secret of [PERSON, toHex(Buffer.from(PERSON)), '313233343536', '123456', '500540', '353030353430']) {
      expect(text).not.toContain(secret);
    }
    expect(text).not.toContain('XX');
  });

  it('says that its keys were written, and their file is its owner’s alone', async () => {
    const { header } = await read();
    expect(header.sessionKeys).toMatch(/^[0-9A-F]{16}$/);
    expect(readSessionKeys(keyFile)).toMatchObject({
      id: header.sessionKeys,
      keys: [
        { by: 'PACE', cipher: 'AES-128' },
        { by: 'chip authentication', cipher: 'AES-128' },
      ],
    });
    expect((statSync(keyFile).mode & 0o777).toString(8)).toBe('600');
  });

  it('shows with its keys what was inside, masked', async () => {
    const { events, count } = await read();
    expect(count).toEqual({ protected: 14, opened: 14 });
    const last = inside(events).slice(-6);
    expect(last).toEqual([
      '00B0850018',
      `${'XX'.repeat(15)}9000`,
      '002C020306XXXXXXXXXXXX',
      '6D00',
      '00B0850008',
      expect.stringMatching(/^(XX){8}9000$/),
    ]);
    expect(JSON.stringify(events)).not.toContain(toHex(Buffer.from(PERSON)).slice(0, 16));
  });

  it('shows it unmasked to whoever says so', async () => {
    const { events } = await read(traceFile, keyFile, false);
    expect(inside(events).slice(-6, -2)).toEqual([
      '00B0850018',
      `${toHex(Buffer.from(PERSON))}9000`,
      '002C020306313233343536',
      '6D00',
    ]);
  });

  it('as a plain conversation has the plain commands in the place of the protected ones', async () => {
    const { events } = await read(traceFile, keyFile, false);
    const plain: string[] = [];
    for await (const event of plainOnly(asyncOf(events))) if (isApdu(event)) plain.push(event.apdu.slice(0, 10));
    expect(plain.filter((_, i) => i % 2 === 0)).toEqual(
      [
        ...['00A4000C02', '00B09C00DF', '0022C1A432', '1086000002', '1086000045', '1086000045', '008600000C'],
        ...['002281B612', '002A00BE8201', '002281B610', '002A00BE8201', '002281A43F', '0084000008', '0082000040'].map(
          (each) => each.slice(0, 10),
        ),
        ...['00B09D00DF', '00A4020C02', '002241A40F', '0086000045', '00B0850018', '002C020306', '00B0850008'],
      ].map((each) => expect.stringMatching(new RegExp(`^${each.slice(0, 8)}`))),
    );
  });

  it.each([3, 16])('opens answers that came in pieces of %i bytes', async (size) => {
    const [trace, keys] = [join(folder, `pieces-${size}.jsonl`), join(folder, `pieces-${size}.json`)];
    await record((session) => pieces(session, size), trace, keys);
    const { events, count } = await read(trace, keys);
    expect(count).toEqual({ protected: 14, opened: 14 });
    expect(inside(events).slice(-6)).toEqual([
      '00B0850018',
      `${'XX'.repeat(15)}9000`,
      '002C020306XXXXXXXXXXXX',
      '6D00',
      '00B0850008',
      expect.stringMatching(/^(XX){8}9000$/),
    ]);
  });

  it('is not opened by the keys of another trace', async () => {
    const [trace, keys] = [join(folder, 'other.jsonl'), join(folder, 'other.json')];
    await record((session) => session, trace, keys);
    await expect(read(traceFile, keys)).rejects.toThrow(/these are session keys .* they open nothing in it/);
  });

  it('with a part of its keys shows that part', async () => {
    const trace = await openTrace(traceFile);
    const file = readSessionKeys(keyFile);
    const count = { protected: 0, opened: 0 };
    const source = withPlain(trace.source, { ...file, keys: file.keys.slice(1) }, crypto, count);
    for await (const _ of source.events());
    expect(count).toEqual({ protected: 14, opened: 3 });
  });
});

async function* asyncOf<T>(items: readonly T[]): AsyncGenerator<T, void, undefined> {
  yield* items;
}

/** A session over a transport that carries few bytes of an answer at a time. */
function pieces(session: CardSession, size: number): CardSession {
  let rest: Uint8Array = new Uint8Array(0);
  return {
    ...session,
    transmit: async (command) => {
      const exchange = await (command[1] === 0xc0
        ? { response: rest, startNs: 0, endNs: 0 }
        : session.transmit(command));
      rest = exchange.response;
      if (rest.length - 2 <= size) return exchange;
      const piece = Uint8Array.of(...rest.subarray(0, size), 0x61, Math.min(rest.length - 2 - size, 255));
      rest = rest.subarray(size);
      return { ...exchange, response: piece };
    },
  };
}
