import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TRACE_FORMAT, type TraceEvent } from '../../../../rig/trace/model.ts';
import { parseEvent } from '../../../../rig/trace/parse.ts';
import { FormatError } from '../../../../rig/trace/stream.ts';
import { importer, read, sample } from './text-trace.ts';

/*
 * Whatever the bytes: a trace that our own format takes, or a FormatError with the line. Three kinds of bytes: any; lines
 * put together from the words of the format; a real sample with a few bytes changed.
 */
const FORMATS: Readonly<Record<string, { readonly samples: readonly string[]; readonly words: readonly string[] }>> = {
  'apdu4j-dump': {
    samples: ['apdu4j.dump'],
    words: ['# ATR: 3B00', '# 24ms', '# 1s3ms no', '00A40400', '9000', '9', '#'],
  },
  apdutool: {
    samples: ['apdutool.out'],
    words: ['CLA: 00, ', 'INS: a4, ', 'P1: 04, P2: 00, ', 'Lc: 00, ', 'Lc: 01, 3f, ', 'Le: 00, ', 'SW1: 90, SW2: 00'],
  },
  'apdutool-script': {
    samples: ['apdutool.scr'],
    words: [
      'powerup;',
      'powerdown;',
      '0x00 ',
      '0xA4 ',
      ';',
      '//',
      'echo "a";',
      'extended on;',
      '255 ',
      '256 ',
      'delay 1;',
    ],
  },
  cardpeek: {
    samples: ['cardpeek.clf'],
    words: ['# cardpeek trace file', 'R:', 'C:', '3B00', ':9000:', ':', '00A4', '# end'],
  },
  gematik: {
    samples: ['gematik.jsonl'],
    words: [
      '{"type":"header","version":1,"supports_extended_length":true}',
      '{"type":"exchange","tx":"00","rx":"9000"}',
      '{"type":"exchange","tx":null}',
      '{"type":"error","tx":"00"}',
      '[]',
      'null',
      '{',
    ],
  },
  'gp-log': {
    samples: ['gp.log', 'apdu4j.log'],
    words: [
      'A>> ',
      '<< ',
      'T=1 ',
      '(4+0000) ',
      '(0000+2) ',
      '(1ms) ',
      '00A40400',
      ' 9000',
      '[malformed]',
      'SCardConnect("a", T=*) -> T=1, 3B00',
    ],
  },
  gpshell: {
    samples: ['gpshell.txt'],
    words: ['Command --> ', 'Wrapped command --> ', 'Response <-- ', '00A4', '9000', '0'],
  },
  jcshell: {
    samples: ['jcshell.txt'],
    words: [' => ', ' <= ', '00 A4 ', '90 00', '    ....', ' (12 usec)', 'ATR=3B 00 ', 'Status: '],
  },
  'opensc-debug': {
    samples: ['opensc-debug-9.log'],
    words: [
      'Outgoing APDU (2 bytes):',
      'Incoming APDU (1 bytes):',
      '90 00 ..',
      '90 .',
      '0x1 12:00:00.000 [a] b.c:1:d: ',
      ':match_atr_table: ATR     : 3b:00',
    ],
  },
  'opensc-tool': {
    samples: ['opensc-tool.txt'],
    words: ['Sending: ', '00 A4 ', 'Received (SW1=0x90, SW2=0x00)', ':', '90 00 ..', 'APDU transmit failed'],
  },
  'pcsc-spy': {
    samples: ['pcsc-spy.raw', 'pcsc-spy-reset.raw'],
    words: [
      'A@',
      '>|1|2|SCardTransmit',
      '>|1|2|SCardConnect',
      '<|1|2|SCardTransmit|x|0x00000000',
      '0x00000002',
      '90 00 ',
      'NULL',
    ],
  },
  'pcsc-spy-text': {
    samples: ['pcsc-spy.txt', 'pcsc-spy-reset-color.txt'],
    words: [
      'SCardTransmit',
      'SCardConnect',
      ' i hCard: 0x1',
      ' i bSendBuffer',
      ' i  0000 00 A4',
      ' o bRecvBuffer',
      ' => ok (X [0x00000000])  [0.000001]',
    ],
  },
  'pcscd-log': {
    samples: ['pcscd-apdu.log', 'pcscd-info-apdu.log'],
    words: ['00000010 ', '99999999 ', 'APDU: ', 'SW: ', 'Card ATR: ', '00 A4 ', '90 00 ', '9', 'Card Removed From x'],
  },
  scriptor: {
    samples: ['scriptor-file.txt'],
    words: ['> ', '< ', 'RESET', 'OK: ', 'KO: no', '00 A4 ', '90 00', ' : Normal processing.'],
  },
  'scriptor-script': { samples: ['session.scr'], words: ['00 A4 ', '00A40400', '\\', '#', 'reset', 'exit', ':'] },
};

async function check(format: string, bytes: Uint8Array): Promise<void> {
  expect(importer(format).guess(bytes, 'x.txt')).toBeGreaterThanOrEqual(0);
  let events: readonly TraceEvent[];
  try {
    const imported = await read(format, bytes, 64);
    events = imported.events;
    expect(imported.header.format).toBe(TRACE_FORMAT);
    if (imported.fault !== null) expect(imported.fault.place).toHaveProperty('line');
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    expect((error as FormatError).place).toHaveProperty('line');
    return;
  }
  let open = false;
  for (const event of events) {
    parseEvent(JSON.stringify(event));
    if (event.type === 'response') expect(open).toBe(true);
    if (event.type === 'response') expect(event.apdu.length).toBeGreaterThanOrEqual(4);
    if (event.type === 'command' || event.type === 'response') open = event.type === 'command';
  }
}

describe.each(Object.entries(FORMATS))('%s', (format, { samples, words }) => {
  it('any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), (bytes) => check(format, bytes)),
      { numRuns: 100 },
    );
  });

  it('words of the format in any order', async () => {
    const pieces = fc.constantFrom(...words, '\n', '\n', '\r\n', ' ', 'XX ');
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 40 }), (parts) => check(format, Buffer.from(parts.join('')))),
      { numRuns: 300 },
    );
  });

  it('a sample with bytes changed, added and taken away', async () => {
    const change = fc.record({ at: fc.nat(100_000), remove: fc.nat(40), add: fc.uint8Array({ maxLength: 4 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...samples),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        async (file, changes) => {
          // The part of a long log where the APDUs are.
          let bytes: Buffer = sample(file).subarray(-8000);
          for (const { at, remove, add } of changes) {
            const place = at % (bytes.length + 1);
            bytes = Buffer.concat([bytes.subarray(0, place), add, bytes.subarray(place + remove)]);
          }
          await check(format, bytes);
        },
      ),
      { numRuns: 100 },
    );
  });

  it.each([' ', '0', 'A', '(', ' (', '/', '// ', ': ', '=> ', '>> ', '0x00 ', '{"type":'])(
    'a line of a megabyte of %j is no burden',
    async (piece) => {
      const bytes = Buffer.from(`${words[0]}${piece.repeat(1_000_000 / piece.length)}\n`);
      expect(importer(format).guess(bytes.subarray(0, 65_536), '')).toBeGreaterThanOrEqual(0);
      await check(format, bytes);
    },
  );
});
