import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '../../../../rig/trace/model.ts';
import { exchanges, read, script, write } from './text-trace.ts';

/** Answers to reset as cards give them: TS, and few enough bytes. */
const ATR = '3B8A80018031F873F741FF8290006A';

const hex = (min: number, max: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((bytes) => Buffer.from(bytes).toString('hex').toUpperCase());

/** Commands whose length fields fit, short: header, then what each of the four cases has. */
const command = fc.tuple(hex(4, 4), hex(0, 40), fc.option(hex(1, 1))).map(([header, data, le]) => {
  const lc = data === '' ? '' : (data.length / 2).toString(16).padStart(2, '0').toUpperCase();
  return `${header}${lc}${data}${le ?? ''}`;
});
const response = fc
  .tuple(hex(0, 300), fc.constantFrom('9000', '6A82', '61FF', '6282', '0000'))
  .map((both) => both.join(''));

/** Exchanges, each after a wait and with a duration in milliseconds. */
const session = fc
  .array(fc.tuple(command, fc.option(response, { freq: 8 }), fc.nat(5000), fc.nat(5000)), {
    minLength: 1,
    maxLength: 12,
  })
  .map((rows) => {
    const events: TraceEvent[] = [];
    let t = 0;
    for (const [sent, received, waitMs, durationMs] of rows) {
      if (events.length > 0) t += waitMs * 1_000_000;
      events.push({ type: 'command', t, apdu: sent });
      if (received === null) continue;
      t += durationMs * 1_000_000;
      events.push({ type: 'response', t, apdu: received });
    }
    return events;
  });

const answered = (events: readonly TraceEvent[]): TraceEvent[] =>
  events.filter((event, index) => event.type === 'response' || events[index + 1]?.type === 'response');

/** What comes back of a session, by format. */
const formats: Readonly<Record<string, (events: readonly TraceEvent[]) => string[]>> = {
  'pcscd-log': exchanges,
  'opensc-tool': exchanges,
  'gp-log': exchanges,
  scriptor: exchanges,
  'apdu4j-dump': (events) => exchanges(answered(events)),
  cardpeek: (events) => exchanges(answered(events)),
  gematik: exchanges,
  'scriptor-script': (events) => exchanges(events).filter((line) => line.startsWith('>')),
};

describe('a session written and read again', () => {
  it.each(Object.entries(formats))('%s: the same exchanges', async (format, remains) => {
    await fc.assert(
      fc.asyncProperty(session, async (events) => {
        const { text } = await write(format, events);
        const expected = remains(events);
        if (expected.length === 0) return;
        expect(exchanges((await read(format, text, 4096)).events)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('apdutool-script: the same commands, where they have an Le', async () => {
    await fc.assert(
      fc.asyncProperty(session, async (events) => {
        const { text, losses } = await write('apdutool-script', events);
        const expected = exchanges(events).filter((line) => line.startsWith('>'));
        const again = exchanges((await read('apdutool-script', text, 4096)).events);
        expect(again).toHaveLength(expected.length);
        const changed = expected.filter((line, index) => line !== again[index]);
        // What has none gets 7F.
        expect(changed.every((line) => again.includes(`${line}7F`))).toBe(true);
        expect(changed).toHaveLength(losses['commands without Le, which get one'] ?? 0);
      }),
      { numRuns: 60 },
    );
  });

  it('pcscd-log: the same times, to the microsecond', async () => {
    await fc.assert(
      fc.asyncProperty(session, async (events) => {
        const { text } = await write('pcscd-log', events);
        expect((await read('pcscd-log', text, 4096)).events).toEqual(events);
      }),
      { numRuns: 60 },
    );
  });

  it('a command of 65,544 bytes with an answer of 65,538', async () => {
    const events: TraceEvent[] = [
      { type: 'command', t: 0, apdu: `00D6000000FFFF${'5A'.repeat(65_535)}0000` },
      { type: 'response', t: 0, apdu: `${'A5'.repeat(65_536)}9000` },
    ];
    for (const format of ['pcscd-log', 'opensc-tool', 'gp-log', 'scriptor', 'apdu4j-dump', 'cardpeek', 'gematik']) {
      const { text } = await write(format, events);
      expect(exchanges((await read(format, text, 65_536)).events)).toEqual(exchanges(events));
    }
  });
});

describe('what is written, to the letter', () => {
  const events: TraceEvent[] = [
    { type: 'power', t: 0, state: 'on', atr: ATR },
    { type: 'command', t: 1_000_000, apdu: '00A4000C023F00' },
    { type: 'response', t: 3_000_000, apdu: '9000' },
    { type: 'note', t: 3_000_000, text: 'the holder\nwaits' },
    { type: 'command', t: 4_000_000, apdu: '00B0820003' },
    { type: 'response', t: 5_500_500, apdu: '6516809000' },
    { type: 'power', t: 6_000_000, state: 'reset', atr: ATR },
    { type: 'command', t: 7_000_000, apdu: '0020008106XXXXXXXXXXXX', masks: [{ offset: 5, length: 6, what: 'code' }] },
    { type: 'response', t: 8_000_000, apdu: '63C2' },
    { type: 'power', t: 9_000_000, state: 'off' },
  ];
  const header = { reader: 'Virtual PCD 00 00', atr: ATR, startedAt: '2026-11-23T11:52:46.000Z' };
  const spacedAtr = '3B 8A 80 01 80 31 F8 73 F7 41 FF 82 90 00 6A';

  const written: Readonly<
    Record<string, { readonly text: string; readonly losses: Readonly<Record<string, number>> }>
  > = {
    'pcscd-log': {
      text: [
        `00000000 Card ATR: ${spacedAtr} `,
        '00001000 APDU: 00 A4 00 0C 02 3F 00 ',
        '00002000 SW: 90 00 ',
        '00001000 APDU: 00 B0 82 00 03 ',
        '00001501 SW: 65 16 80 90 00 ',
        '00001499 APDU: 00 20 00 81 06 XX XX XX XX XX XX ',
        '00001000 SW: 63 C2 ',
      ].join('\n'),
      losses: {
        'names of a reader': 1,
        'wall times of the start': 1,
        notes: 1,
        'parts of a microsecond of times': 1,
        'power events without an answer to reset, and resets': 2,
      },
    },
    'opensc-tool': {
      text: [
        'Sending: 00 A4 00 0C 02 3F 00 ',
        'Received (SW1=0x90, SW2=0x00)',
        'Sending: 00 B0 82 00 03 ',
        'Received (SW1=0x90, SW2=0x00):',
        '65 16 80 e..',
        'Sending: 00 20 00 81 06 XX XX XX XX XX XX ',
        'Received (SW1=0x63, SW2=0xC2)',
      ].join('\n'),
      losses: {
        'names of a reader': 1,
        'wall times of the start': 1,
        'answers to reset': 1,
        'times of events': 9,
        'power events': 3,
        notes: 1,
      },
    },
    'gp-log': {
      text: [
        `SCardConnect("Virtual PCD 00 00", T=*) -> T=1, ${ATR}`,
        'A>> T=1 (4+0002) 00A4000C 02 3F00',
        'A<< (0000+2) (2ms) 9000',
        'A>> T=1 (4+0000) 00B08200 03',
        'A<< (0003+2) (2ms) 651680 9000',
        'A>> T=1 (4+0006) 00200081 06 XXXXXXXXXXXX',
        'A<< (0000+2) (1ms) 63C2',
      ].join('\n'),
      losses: {
        'wall times of the start': 1,
        'times between exchanges': 3,
        notes: 1,
        'parts of a millisecond of times': 1,
        'power events without an answer to reset, and resets': 2,
      },
    },
    'apdu4j-dump': {
      text: [
        '# Generated on Mon, 23 Nov 2026 11:52:46 +0000 by vitap',
        '# Using Virtual PCD 00 00',
        `# ATR: ${ATR}`,
        '# PROTOCOL: T=1',
        '#',
        '00A4000C023F00',
        '# 2ms',
        '9000',
        '00B0820003',
        '# 2ms',
        '6516809000',
        '0020008106000000000000',
        '# 1ms',
        '63C2',
      ].join('\n'),
      losses: {
        'times of the power going on': 1,
        'times between exchanges': 3,
        notes: 1,
        'parts of a millisecond of times': 1,
        'power events without an answer to reset, and resets': 2,
        'masks, where zeros stand': 1,
      },
    },
    'scriptor-script': {
      text: [
        '00 A4 00 0C 02 3F 00',
        '# the holder waits',
        '00 B0 82 00 03',
        'reset',
        '# masked: 00 20 00 81 06 XX XX XX XX XX XX',
      ].join('\n'),
      losses: {
        'names of a reader': 1,
        'wall times of the start': 1,
        'answers to reset': 1,
        'times of events': 9,
        'the power going on or off': 2,
        responses: 3,
        'commands with masked bytes, which are comments now': 1,
      },
    },
    scriptor: {
      text: [
        '> 00 A4 00 0C 02 3F 00 ',
        '< 90 00 : no error.',
        '> 00 B0 82 00 03 ',
        '< 65 16 80 90 00 : no error.',
        '> RESET',
        `< OK: ${spacedAtr} `,
        '> 00 20 00 81 06 XX XX XX XX XX XX ',
        '< 63 C2 : 2 tries left.',
      ].join('\n'),
      losses: {
        'names of a reader': 1,
        'wall times of the start': 1,
        'answers to reset': 1,
        'times of events': 9,
        'the power going on or off': 2,
        notes: 1,
      },
    },
    'apdutool-script': {
      text: [
        'powerup;',
        '0x00 0xA4 0x00 0x0C 0x02 0x3F 0x00 0x7F;',
        '// 90 00',
        '// the holder waits',
        '0x00 0xB0 0x82 0x00 0x00 0x03;',
        '// 65 16 80 90 00',
        'powerdown;',
        'powerup;',
        '// not sent: 00 20 00 81 06 XX XX XX XX XX XX',
        '// 63 C2',
        'powerdown;',
      ].join('\n'),
      losses: {
        'names of a reader': 1,
        'wall times of the start': 1,
        'answers to reset': 1,
        'times of events': 9,
        'commands without Le, which get one': 1,
        'responses, which are comments now': 3,
        'notes, which are comments now': 1,
        'commands with masked bytes, which are comments now': 1,
      },
    },
    cardpeek: {
      text: [
        '# cardpeek trace file',
        '# version 0',
        `R:${ATR}`,
        'C:00A4000C023F00:9000:',
        'C:00B0820003:9000:651680',
        `R:${ATR}`,
        'C:0020008106000000000000:63C2:',
        '# end',
      ].join('\n'),
      losses: {
        'names of a reader': 1,
        'wall times of the start': 1,
        'times of events': 9,
        notes: 1,
        'masks, where zeros stand': 1,
        'the power going off': 1,
      },
    },
    gematik: {
      text: [
        // Bit 7 of the third byte of the capabilities 73 F7 41 FF: extended length fields.
        '{"type":"header","version":1,"supports_extended_length":true,"keys":null,"can":null}',
        '{"type":"exchange","tx":"00A4000C023F00","rx":"9000"}',
        '{"type":"exchange","tx":"00B0820003","rx":"6516809000"}',
        '{"type":"exchange","tx":"0020008106000000000000","rx":"63C2"}',
      ].join('\n'),
      losses: {
        'names of a reader': 1,
        'wall times of the start': 1,
        'answers to reset': 1,
        'times of events': 9,
        'power events': 3,
        notes: 1,
        'masks, where zeros stand': 1,
      },
    },
  };

  it.each(Object.entries(written))('%s', async (format, expected) => {
    const { text, losses } = await write(format, events, header);
    expect(text).toBe(`${expected.text}\n`);
    expect(losses).toEqual(expected.losses);
  });

  it('no zeros in the place of a code are ever sent to a card by a script', async () => {
    for (const format of ['scriptor-script', 'apdutool-script']) {
      const { text } = await write(format, events, header);
      const { events: again } = await read(format, text);
      expect(script(again).some((line) => line.startsWith('> 0020'))).toBe(false);
    }
  });

  it('scriptor stops at "exit" in a comment, so no comment has it', async () => {
    const noted: TraceEvent[] = [{ type: 'note', t: 0, text: 'the Exit' }, ...events];
    const { text, losses } = await write('scriptor-script', noted, header);
    expect(text).not.toMatch(/exit/i);
    expect(losses.notes).toBe(1);
  });
});
