import { describe, expect, it } from 'vitest';
import { ChecksumRules, endsWithCrc } from '../../../../rig/trace/frames/checksum.ts';
import { FrameReassembly } from '../../../../rig/trace/frames/reassembly.ts';
import type { TraceEvent } from '../../../../rig/trace/model.ts';
import { withCrcA } from '../../../../src/iso-dep/crc-a.ts';
import { loadVectors } from '../../../vectors/load.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (frame: Uint8Array): string => Buffer.from(frame).toString('hex').toUpperCase();

/** Frames as they are on the air: `>` from the reader, `<` from the card. */
function heard(frames: readonly string[]): TraceEvent[] {
  const checksums = new ChecksumRules();
  const reassembly = new FrameReassembly();
  const events = frames.flatMap((frame, t) => {
    if (frame === 'off' || frame === 'on') return reassembly.next({ type: 'field', t, state: frame });
    const from = frame.startsWith('>') ? 'reader' : 'card';
    const crc = checksums.judge(from, bytes(frame.slice(1)));
    return reassembly.next({ type: 'block', t, from, frame: frame.slice(1), ...(crc === undefined ? {} : { crc }) });
  });
  return [...events, ...reassembly.end(frames.length)];
}

/** What was made of the frames, in short. */
function told(frames: readonly string[]): string[] {
  return heard(frames).flatMap((event) => {
    if (event.type === 'command') return [`> ${event.apdu}`];
    if (event.type === 'response') return [`< ${event.apdu}`];
    if (event.type === 'power') {
      return [`power ${event.state}${event.ats ? ` ats ${event.ats}` : ''}${event.uid ? ` uid ${event.uid}` : ''}`];
    }
    return event.type === 'note' ? [`note: ${event.text}`] : [];
  });
}

const crc = (from: '>' | '<', frame: string): string => from + hex(withCrcA(bytes(frame)));
const ATS_0 = [crc('>', 'E080'), crc('<', '0578807002')];
const ATS_1 = [crc('>', 'E081'), crc('<', '0578807002')];

interface Exchanges {
  readonly exchanges: {
    readonly vectors: readonly {
      readonly id: string;
      readonly steps: readonly { readonly pcdFrame: string; readonly piccFrame?: string }[];
    }[];
  };
}

const SAME = ['> 01', '< 019000', '> 02', '< 029000'];
const ONE = ['> 01', '< 019000'];
const LONG = '000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D';

/** By hand, from the scenarios' rule that an answer is the command and 9000. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  'i-blocks': [...SAME, '> 03', '< 039000', '> 04', '< 049000'],
  'i-block-damaged': SAME,
  'answer-lost': SAME,
  'later-i-block-damaged': [...SAME, '> 03', '< 039000'],
  'nak-damaged': SAME,
  wtx: SAME,
  'wtx-59-power': SAME,
  'wtx-request-lost': SAME,
  'wtx-response-damaged': SAME,
  'wtx-other-multiplier': ONE,
  'wtx-answer-lost': SAME,
  'wtx-unasked': SAME,
  deselect: [...ONE, 'power off'],
  'deselect-damaged': [...ONE, 'power off'],
  'pcd-chaining': ['> 00A44007', '< 00A440079000', '> 00', '< 009000'],
  'pcd-chaining-3': ['> AABBCC', '< AABBCC9000', '> 01', '< 019000'],
  'pcd-chaining-first-damaged': ['> AABB', '< AABB9000'],
  'pcd-chaining-ack-lost': ['> AABBCC', '< AABBCC9000'],
  'pcd-chaining-second-damaged': ['> AABBCC', '< AABBCC9000'],
  'picc-chaining': ['> 00', `< ${LONG}`, '> 01', '< 019000'],
  'picc-chaining-first-lost': ['> 00', `< ${LONG}`],
  'picc-chaining-ack-damaged': ['> 00', `< ${LONG}`],
  'picc-chaining-second-lost': ['> 00', `< ${LONG}`],
  'picc-chaining-nak': ['> 00', `< ${LONG}`],
  'presence-empty': ONE,
  'presence-nak': SAME,
  'cid-1': [...SAME, 'power off'],
  'cid-0': [...SAME, '> 03', '< 039000', '> 01', '< 019000'],
  'cid-unsupported': ['> 01', ...SAME],
  'cid-wtx': ['> 00', `< ${LONG.slice(0, 52)}`],
  nad: ['> 01', ...ONE],
  'rfu-bits-in-pcb': ONE,
  'r-block-with-inf': ONE,
};

describe('FrameReassembly', () => {
  const { vectors } = loadVectors<Exchanges>('iso14443').exchanges;

  it('has an expectation for each scenario', () => {
    expect(vectors.map(({ id }) => id).sort()).toEqual(Object.keys(EXPECTED).sort());
  });

  it.each(vectors.map(({ id, steps }) => ({ id, steps })))('hears the APDUs of $id', ({ id, steps }) => {
    const activation = id === 'cid-1' || id === 'cid-wtx' ? ATS_1 : ATS_0;
    const frames = steps.flatMap(({ pcdFrame, piccFrame }) => [
      `>${pcdFrame}`,
      ...(piccFrame === undefined || piccFrame === null ? [] : [`<${piccFrame}`]),
    ]);
    expect(told([...activation, ...frames])).toEqual(['power on ats 0578807002', ...(EXPECTED[id] ?? [])]);
  });

  it.each([
    ['one level', ['>26', '<0400', '>9320', '<1122334444', '>93701122334444', '<20'], '11223344'],
    ['two levels', ['>26', '<4400', '>93708804112219', '<04', '>957033445566FF', '<20'], '04112233445566'],
    [
      'three levels',
      ['>52', '<8400', '>93708801020389', '<04', '>95708804050688', '<04', '>97700708090A0C', '<20'],
      '0102030405060708090A',
    ],
  ])('puts the identifier together: %s', (_, anticollision, uid) => {
    const frames = anticollision.map((frame) =>
      /^>9.70/.test(frame) || (frame.startsWith('<') && frame.length === 3)
        ? crc(frame[0] as '>', frame.slice(1))
        : frame,
    );
    expect(told([...frames, ...ATS_0])).toEqual([`power on ats 0578807002 uid ${uid}`]);
  });

  it('takes type B for what it is', () => {
    // REQB, ATQB, ATTRIB and its answer, without their checksums.
    const withoutCrc = ['>050008', '<5011223344000000000080C1', '>1D1122334400080100', '<00'];
    const reassembly = new FrameReassembly();
    const events = withoutCrc.flatMap((frame, t) =>
      reassembly.next({ type: 'block', t, from: frame[0] === '>' ? 'reader' : 'card', frame: frame.slice(1) }),
    );
    expect(events.filter(({ type }) => type === 'power')).toEqual([
      { type: 'power', t: 3, state: 'on', uid: '11223344' },
    ]);
  });

  it('hears a session whose beginning was missed', () => {
    expect(told([crc('>', '0300B0000000'), crc('<', '039000')])).toEqual(['> 00B0000000', '< 9000']);
  });

  it('does not take commands of other tags for blocks', () => {
    // A Type 2 tag: page written (A2) and read (30), its answer beginning like an I-block.
    const frames = [
      '>26',
      '<4400',
      crc('>', 'A20402020202'),
      '<0A',
      crc('>', '3004'),
      crc('<', '02030405060708090A0B0C0D0E0F1011'),
    ];
    expect(told(frames)).toEqual([]);
  });

  it('says what broke off', () => {
    const frames = [...ATS_0, crc('>', '1200A40400'), crc('<', 'A2'), 'off'];
    expect(told(frames)).toEqual([
      'power on ats 0578807002',
      'note: a command broke off after 4 bytes in 1 block',
      'power off',
    ]);
  });

  it('goes on after a broken chain, and tells a new activation', () => {
    const frames = [...ATS_0, crc('>', '0201'), crc('<', '12AA'), ...ATS_0, crc('>', '0202'), crc('<', '029000')];
    expect(told(frames)).toEqual([
      'power on ats 0578807002',
      '> 01',
      'power reset ats 0578807002',
      '> 02',
      'note: a response broke off after 1 byte in 1 block',
      '< 9000',
    ]);
  });

  it('does not gather an APDU without end', () => {
    const frames: string[] = [...ATS_0];
    for (let i = 0; i < 300; i++)
      frames.push(crc('>', `1${2 + (i % 2)}${'5A'.repeat(250)}`), crc('<', i % 2 ? 'A3' : 'A2'));
    frames.push(crc('>', '0201'), crc('<', '029000'));
    expect(told(frames)).toEqual([
      'power on ats 0578807002',
      'note: a command of 75001 bytes in 301 blocks is longer than any APDU and was left out',
      '< 9000',
    ]);
  });

  it('keeps the masks of a block in the APDU', () => {
    const reassembly = new FrameReassembly();
    expect(
      reassembly.next({
        type: 'block',
        t: 1,
        from: 'reader',
        frame: '0200200081XXXXXX',
        masks: [{ offset: 5, length: 3, what: 'code' }],
      }),
    ).toEqual([
      expect.objectContaining({ type: 'block' }),
      { type: 'command', t: 1, apdu: '00200081XXXXXX', masks: [{ offset: 4, length: 3, what: 'code' }] },
    ]);
  });
});

interface Checksums {
  readonly crcA: { readonly vectors: readonly { readonly data: string; readonly crc: string }[] };
  readonly crcB: { readonly vectors: readonly { readonly data: string; readonly crc: string }[] };
}

describe('endsWithCrc', () => {
  const { crcA, crcB } = loadVectors<Checksums>('iso14443');
  const rows = [...crcA.vectors, ...crcB.vectors].filter(({ data }) => data !== '');

  it.each(rows)('knows that of $data, type A or B', ({ data, crc: checksum }) => {
    expect(endsWithCrc(bytes(data + checksum))).toBe(true);
    const wrong = bytes(data + checksum);
    wrong[0] = (wrong[0] as number) ^ 1;
    expect(endsWithCrc(wrong)).toBe(false);
  });
});
