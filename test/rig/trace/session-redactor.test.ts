import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReassembly } from '../../../rig/trace/frames/reassembly.ts';
import { bytesOf } from '../../../rig/trace/masked-hex.ts';
import type { TraceEvent } from '../../../rig/trace/model.ts';
import { SessionRedactor } from '../../../rig/trace/session-redactor.ts';
import { crcA, withCrcA } from '../../../src/iso-dep/crc-a.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();
const good = (from: 'reader' | 'card', frame: string): TraceEvent => ({
  type: 'block',
  t: 0,
  from,
  frame: hex(withCrcA(Uint8Array.from(Buffer.from(frame, 'hex')))),
  crc: 'good',
});

function redact(
  events: readonly TraceEvent[],
  cardInterface: 'contact' | 'contactless' | null = 'contactless',
): TraceEvent[] {
  const redactor = new SessionRedactor({ interface: cardInterface });
  return [...events.flatMap((event) => redactor.next(event)), ...redactor.end()];
}

const framesOf = (events: readonly TraceEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'block' ? [event.frame] : []));

const RATS = [good('reader', 'E080'), good('card', '0578807002')];

describe('SessionRedactor', () => {
  it('masks a code in the frame that carries it, and the checksum that would tell it', () => {
    const events = redact([...RATS, good('reader', '02002000810431323334'), good('card', '0263C2')]);
    expect(framesOf(events).slice(2)).toEqual(['020020008104XXXXXXXXXXXX', framesOf([good('card', '0263C2')])[0]]);
    expect(events[2]).toMatchObject({
      masks: [
        { offset: 6, length: 4, what: 'code' },
        { offset: 10, length: 2, what: 'code' },
      ],
    });
  });

  it('masks a code over chained blocks, and where they are repeated', () => {
    const events = [
      ...RATS,
      good('reader', '1200200081063132'),
      good('card', 'A2'),
      good('reader', '133334'),
      good('reader', 'B3'),
      good('reader', '133334'),
      good('card', 'A3'),
      good('reader', '023536'),
      good('reader', '023536'),
      good('card', '029000'),
    ];
    const redacted = redact(events);
    expect(framesOf(redacted)).toEqual([
      ...framesOf(events.slice(0, 2)),
      '120020008106XXXXXXXX',
      framesOf(events)[3],
      '13XXXXXXXX',
      framesOf(events)[5],
      '13XXXXXXXX',
      framesOf(events)[7],
      '02XXXXXXXX',
      '02XXXXXXXX',
      framesOf(events)[10],
    ]);
  });

  it('masks a code in a chain that breaks off, or is damaged', () => {
    const damaged: TraceEvent = { type: 'block', t: 0, from: 'reader', frame: '0200200081043132333400FF', crc: 'bad' };
    const redacted = redact([...RATS, good('reader', '12002000810631323334'), { type: 'field', t: 0, state: 'off' }]);
    expect(framesOf(redacted)[2]).toBe('1200200081XXXXXXXXXXXXXX');
    expect(framesOf(redact([...RATS, damaged]))[2]).toBe(`02${'XX'.repeat(11)}`);
  });

  it('masks a number in an answer, whole in the APDU and cut in two by the blocks', () => {
    // 2 55 08 14 168 025 38, a number of the specimen kind, in READ BINARY.
    const nir = Buffer.from('255081416802538').toString('hex').toUpperCase();
    const events = redact([
      ...RATS,
      good('reader', '0200B000000F'),
      good('card', `12${nir.slice(0, 14)}`),
      good('reader', 'A3'),
      good('card', `03${nir.slice(14)}9000`),
      { type: 'command', t: 0, apdu: '00B000000F' },
      { type: 'response', t: 0, apdu: `${nir}9000` },
    ]);
    const frames = framesOf(events);
    expect(frames[3]).toBe(`12${'XX'.repeat(9)}`);
    expect(frames[5]).toBe(`03${'XX'.repeat(8)}9000XXXX`);
    expect(events.at(-1)).toMatchObject({ apdu: `${'XX'.repeat(15)}9000` });
  });

  it('masks all but the beginning of blocks with contacts', () => {
    const block: TraceEvent = { type: 'block', t: 0, from: 'reader', frame: '000009002000810431323334A8' };
    expect(framesOf(redact([block], 'contact'))).toEqual([`000009${'XX'.repeat(10)}`]);
  });

  it('leaves what was masked before, and is done at once the second time', () => {
    const once = redact([
      ...RATS,
      good('reader', '02002000810431323334'),
      { type: 'command', t: 0, apdu: '002000810431323334' },
      { type: 'note', t: 0, text: 'NIR 2 55 08 14 168 025 38' },
    ]);
    expect(redact(once)).toEqual(once);
  });

  it('keeps all events in their order, and nothing else than codes and numbers is masked', () => {
    const letter = fc.constantFrom('00', '41', 'FF');
    const information = fc.array(letter, { minLength: 1, maxLength: 40 }).map((bytes) => `00B0${bytes.join('')}`);
    fc.assert(
      fc.property(fc.array(information, { maxLength: 8 }), fc.integer({ min: 1, max: 20 }), (commands, size) => {
        let number = 1;
        const blocks = commands.flatMap((command, index) => {
          const parts = command.match(new RegExp(`.{1,${2 * size}}`, 'g')) ?? [];
          return parts.flatMap((part, i) => {
            number ^= 1;
            const isLast = i === parts.length - 1;
            const pcb = ((isLast ? 0x02 : 0x12) | number).toString(16).padStart(2, '0');
            const answer = isLast ? `0${2 | number}9000` : `A${2 | number}`;
            return [good('reader', pcb + part), good('card', answer), { type: 'note', t: index, text: 'x' } as const];
          });
        });
        const all = [...RATS, ...blocks];
        expect(redact(all)).toEqual(all);
        // The premise: they are APDUs.
        const reassembly = new FrameReassembly();
        const apdus = all.flatMap((event) => reassembly.next(event)).filter(({ type }) => type === 'command');
        expect(apdus.map((event) => ('apdu' in event ? event.apdu : ''))).toEqual(commands);
      }),
      { numRuns: 100 },
    );
  });

  it('a guess of four digits cannot be checked against what is left of the frame', () => {
    const [frame] = framesOf(redact([...RATS, good('reader', '02002000810438373635')])).slice(2);
    const left = bytesOf(frame ?? '');
    const right = crcA(Uint8Array.from(Buffer.from('02002000810438373635', 'hex')));
    expect(((left.at(-1) ?? 0) << 8) | (left.at(-2) ?? 0)).toBe(0);
    expect(right).not.toBe(0);
  });
});
