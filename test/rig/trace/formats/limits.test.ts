import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '../../../../rig/trace/model.ts';
import { parseEvent } from '../../../../rig/trace/parse.ts';
import { unhex, writeBytes } from './frame-trace.ts';
import { exchanges, read, script } from './text-trace.ts';

describe('numbers that no clock has', () => {
  it.each(['9'.repeat(20), '9'.repeat(400)])(
    'gp: a duration of so many digits is left out and counted',
    async (digits) => {
      const text = `A>> T=1 (4+0000) 00200081\nA<< (0000+2) (${digits}ms) 63C3\nA>> T=1 (4+0000) 00200081\nA<< (0000+2) (17ms) 63C2\n`;
      const { events, fault, losses } = await read('gp-log', text);
      expect(fault).toBeNull();
      expect(exchanges(events)).toEqual(['> 00200081', '< 63C3', '> 00200081', '< 63C2']);
      expect(events.map(({ t }) => t)).toEqual([0, 0, 0, 17_000_000]);
      expect(losses).toEqual({ 'durations of more than a month': 1 });
    },
  );

  it.each([
    ['apdu4j-dump', (digits: string) => `00200081\n# ${digits}ms\n63C3\n`],
    ['jcshell', (digits: string) => ` => 00 20 00 81\n (${digits} msec)\n <= 63 C3\n`],
    [
      'pcsc-spy-text',
      (digits: string) =>
        `SCardTransmit\n i hCard: 0xA1\n i bSendBuffer\n i  0000 00 20 00 81\n o bRecvBuffer\n o  0000 63 C3\n => SCARD_S_SUCCESS [0x00000000]  [${digits}.000100]\n`,
    ],
  ])('%s likewise', async (format, text) => {
    for (const length of [20, 400]) {
      const { events, losses } = await read(format, text('9'.repeat(length)));
      expect(exchanges(events)).toEqual(['> 00200081', '< 63C3']);
      expect(events.map(({ t }) => t)).toEqual([0, 0]);
      expect(losses).toEqual({ 'durations of more than a month': 1 });
    }
  });

  it('OpenSC: a heading of more bytes than an APDU has', async () => {
    const text = `Outgoing APDU (${'9'.repeat(400)} bytes):\n00 20 00 81 . ..\n\n`;
    await expect(read('opensc-debug', text)).rejects.toThrow(
      'line 1: this heading tells of more bytes than an APDU has',
    );
  });

  it('libpcscspy: a clock that goes on by years', async () => {
    const transmit = (seconds: string, sw: string): string =>
      [
        `>|${seconds}|0|SCardTransmit`,
        ...['0x1', '0x2', '0x10', '0x00000004', '00 20 00 81 ', '0x2', '0x10', '0x00000002', sw],
        `<|${seconds}|500|SCardTransmit|0x00000000`,
      ]
        .map((line) => `A@${line}\n`)
        .join('');
    const { events, losses } = await read('pcsc-spy', transmit('100', '63 C3 ') + transmit('999999999999', '63 C2 '));
    for (const event of events) parseEvent(JSON.stringify(event));
    expect(exchanges(events)).toEqual(['> 00200081', '< 63C3', '> 00200081', '< 63C2']);
    expect(losses).toEqual({ 'steps of the clock of more than 104 days (times go on without them)': 1 });
  });

  it('pcapng: an offset of the clock by the age of the universe, to either side', async () => {
    for (const offset of ['8000000000000000', '7FFFFFFFFFFFFFFF']) {
      const section = '0A0D0D0A 0000001C 1A2B3C4D 00010000 FFFFFFFFFFFFFFFF 0000001C';
      const described = `00000001 00000024 01080000 0000FFFF 000E0008 ${offset} 00000000 00000024`;
      const packet = '00000006 00000028 00000000 00000000 00000000 00000005 00000005 00FE000126000000 00000028';
      const { events, header } = await read('pcapng', unhex(section + described + packet));
      expect(header.startedAt).toBeNull();
      expect(events).toEqual([{ type: 'block', t: 0, from: 'reader', frame: '26', bits: 7 }]);
    }
  });

  it('gsmtap: a remark with a time of ages before the answer', async () => {
    const events: TraceEvent[] = [
      { type: 'command', t: -9_000_000_000_000_000, apdu: '0084000008' },
      { type: 'response', t: -9_000_000_000_000_000, apdu: '6D00' },
    ];
    const { bytes } = await writeBytes('gsmtap', [{ type: 'power', t: 0, state: 'on', atr: '3B00' }, ...events], {
      startedAt: '2026-01-01T00:00:00.000Z',
    });
    const text = Buffer.from(bytes).toString('latin1').replace('sent 0 ns before', 'sent 9 ns before');
    const imported = await read('pcapng', Buffer.from(text, 'latin1'));
    for (const event of imported.events) parseEvent(JSON.stringify(event));
    expect(exchanges(imported.events)).toEqual(['> 0084000008', '< 6D00']);
  });
});

describe('nothing gets lost through frames without a word', () => {
  it('an answer that comes twice', async () => {
    const events: TraceEvent[] = [
      { type: 'command', t: 0, apdu: '00B0000002' },
      { type: 'response', t: 1000, apdu: 'AABB9000' },
      { type: 'response', t: 2000, apdu: 'AABB9000' },
    ];
    for (const format of ['pcapng', 'pcap', 'proxmark']) {
      const { bytes, losses } = await writeBytes(format, events, { interface: 'contactless' });
      expect(exchanges((await read(format, bytes)).events)).toEqual(['> 00B0000002', '< AABB9000']);
      expect(losses).toContain('responses that answer no command');
    }
  });

  it('any order of commands and answers comes back, or the rest is listed', async () => {
    const event = fc.constantFrom('00B0000002', '00A4000C023F00', '< 9000', '< AABB9000', 'power');
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 12 }), async (steps) => {
        const events = steps.map((step, index): TraceEvent => {
          const t = 1000 * index;
          if (step === 'power') return { type: 'power', t, state: 'on' };
          if (step.startsWith('<')) return { type: 'response', t, apdu: step.slice(2) };
          return { type: 'command', t, apdu: step };
        });
        const { bytes, losses } = await writeBytes('pcapng', events, { interface: 'contactless' });
        const came = exchanges((await read('pcapng', bytes)).events);
        if (!losses.includes('responses that answer no command')) expect(came).toEqual(exchanges(events));
        else expect(came.length).toBeLessThan(exchanges(events).length);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a Proxmark3 trace that was made from APDUs', () => {
  it('has no two frames at once', async () => {
    const events: TraceEvent[] = [
      { type: 'power', t: 0, state: 'on', uid: '04112233445566', ats: '0578807002' },
      { type: 'command', t: 100_000_000, apdu: '00B0000002' },
      { type: 'response', t: 101_000_000, apdu: 'AABB9000' },
    ];
    const { bytes } = await writeBytes('proxmark', events);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let free = 0;
    const starts: number[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = view.getUint16(at + 6, true) & 0x7fff;
      starts.push(view.getUint32(at, true));
      expect(view.getUint32(at, true)).toBeGreaterThanOrEqual(free);
      free = view.getUint32(at, true) + view.getUint16(at + 4, true);
      at += 8 + length + Math.max(1, Math.ceil(length / 8));
    }
    // REQA takes 8 bits of 128 cycles, the shortest delay is 1172; 100 ms are 1,356,000 cycles.
    expect(starts.slice(0, 2)).toEqual([0, 8 * 128 + 1172]);
    expect(starts.slice(-2)).toEqual([1_356_000, 1_369_560]);
    expect(script((await read('proxmark', bytes)).events.filter(({ type }) => type !== 'block'))).toEqual([
      'power on',
      '> 00B0000002',
      '< AABB9000',
    ]);
  });
});
