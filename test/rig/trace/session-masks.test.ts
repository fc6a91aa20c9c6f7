import { describe, expect, it } from 'vitest';
import type { BlockEvent, Mask, TraceEvent, TraceHeader } from '../../../rig/trace/model.ts';
import { Pseudonyms } from '../../../rig/trace/pseudonyms.ts';
import { redactedSource, SessionRedactor } from '../../../rig/trace/session-redactor.ts';
import { withCrcA } from '../../../src/iso-dep/crc-a.ts';

const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();
const ascii = (text: string): string => Buffer.from(text, 'latin1').toString('hex').toUpperCase();

const block = (from: 'reader' | 'card', frame: string, crc?: 'good' | 'bad'): BlockEvent => ({
  type: 'block',
  t: 0,
  from,
  frame: hex(crc === 'good' ? withCrcA(fromHex(frame)) : fromHex(frame)),
  ...(crc === undefined ? {} : { crc }),
});
const reader = (frame: string): BlockEvent => block('reader', frame, 'good');
const card = (frame: string): BlockEvent => block('card', frame, 'good');
const note = (text: string): TraceEvent => ({ type: 'note', t: 0, text });

/** RATS for a CID, and the card's ATS. */
const activation = (cid = 0): TraceEvent[] => [reader(`E08${cid}`), card('0578807002')];

const redactorOn = (on: 'contact' | 'contactless' | null = 'contactless'): SessionRedactor =>
  new SessionRedactor({ interface: on });

/** What each event lets out. */
function outcomes(events: readonly TraceEvent[], redactor = redactorOn()): (readonly TraceEvent[])[] {
  return events.map((event) => redactor.next(event));
}

/** A VERIFY that breaks off after its Lc and two bytes: no encoding fits it, so all behind the header is masked. */
const MASKED_PART = '1200200081XXXXXXXXXX';

const maskOf = (offset: number, length: number, what: Mask['what']): Mask => ({ offset, length, what });
/** Masks of what an event lets out last. */
const masksOf = (events: readonly TraceEvent[] | undefined): unknown =>
  (events?.at(-1) as BlockEvent | undefined)?.masks;

describe('when events are let out', () => {
  it('what has no secret goes at once, as it is', () => {
    const events: TraceEvent[] = [
      { type: 'power', t: 0, state: 'on', atr: '3B00' },
      { type: 'field', t: 1, state: 'on' },
      { type: 'command', t: 2, apdu: '00A40000' },
      { type: 'response', t: 3, apdu: '9000' },
      note('nothing'),
      ...activation(),
      reader('0200A4000C'),
      card('029000'),
    ];
    expect(outcomes(events)).toEqual(events.map((event) => [event]));
  });

  it('a part of an APDU waits for the rest, and what comes behind it waits too', () => {
    const redactor = redactorOn();
    outcomes(activation(), redactor);
    const [first, between, rest] = [reader('12002000810631323334'), note('between'), reader('033536')];
    expect(redactor.next(first)).toEqual([]);
    expect(redactor.next(between)).toEqual([]);
    expect(redactor.next(rest)).toEqual([
      {
        ...first,
        frame: '120020008106XXXXXXXXXXXX',
        masks: [maskOf(6, 4, 'code'), maskOf(10, 2, 'code')],
      },
      between,
      { ...rest, frame: '03XXXXXXXX', masks: [maskOf(1, 2, 'code'), maskOf(3, 2, 'code')] },
    ]);
  });

  it.each<[string, TraceEvent[]]>([
    ['the field goes', [{ type: 'field', t: 0, state: 'off' }]],
    ['the card is deselected', [reader('C2'), card('C2')]],
  ])('a part whose rest cannot come goes when %s', (_, ending) => {
    const redactor = redactorOn();
    outcomes(activation(), redactor);
    redactor.next(reader('120020008104 3132'));
    const out = outcomes(ending, redactor).at(-1);
    expect(out?.map((event) => (event as BlockEvent).frame)).toContain(MASKED_PART);
  });

  it('of two cards, the one whose APDU is whole does not wait, and nothing comes twice', () => {
    const redactor = redactorOn();
    outcomes([...activation(1), ...activation(2)], redactor);
    const [one, two] = [reader('1A01 00A4'), reader('1A02 00B0')];
    expect(outcomes([one, two], redactor)).toEqual([[], []]);
    const [oneRest, twoRest] = [reader('0B01 0000'), reader('0B02 0000')];
    expect(redactor.next(oneRest)).toEqual([one]);
    expect(redactor.next(twoRest)).toEqual([two, oneRest, twoRest]);
  });

  it('20,000 events may wait; then what waits goes, and the rest of that APDU is masked whole', () => {
    const redactor = redactorOn();
    outcomes(activation(), redactor);
    redactor.next(reader('120020008106 3132'));
    const early: TraceEvent[] = [];
    for (let count = 1; count < 20_000; count++) early.push(...redactor.next(note('x')));
    expect(early).toEqual([]);
    const out = redactor.next(note('x'));
    expect(out).toHaveLength(20_001);
    expect((out[0] as BlockEvent).frame).toBe(MASKED_PART);
    redactor.next(card('A2'));
    expect(redactor.next(reader('03 33343536'))).toEqual([
      { ...reader('03 33343536'), frame: `03${'XX'.repeat(6)}`, masks: [maskOf(1, 6, 'code')] },
    ]);
  });
});

describe('frames', () => {
  const CODE = '0020008104 31323334';

  it('of a card with a CID', () => {
    const redactor = redactorOn();
    outcomes(activation(1), redactor);
    expect(redactor.next(reader(`0A01 ${CODE}`))).toMatchObject([{ frame: '0A010020008104XXXXXXXXXXXX' }]);
  });

  it('without a checksum have none that is masked', () => {
    const redactor = redactorOn();
    outcomes(activation(), redactor);
    expect(masksOf(redactor.next(block('reader', `02 ${CODE}`)))).toEqual([maskOf(6, 4, 'code')]);
  });

  it.each([['contactless'], [null]] as const)('on the interface %s are those of ISO/IEC 14443', (on) => {
    expect(outcomes([...activation(), reader(`02 ${CODE}`)], redactorOn(on)).at(-1)).toMatchObject([
      { frame: '020020008104XXXXXXXXXXXX' },
    ]);
  });

  it('with contacts are masked from the fourth byte on, unless they were made of APDUs', () => {
    const redactor = redactorOn('contact');
    const mine: BlockEvent = { ...reader(`02 ${CODE}`), synthetic: true };
    outcomes(
      activation().map((event) => ({ ...event, synthetic: true }) as TraceEvent),
      redactor,
    );
    expect(redactor.next(mine)).toMatchObject([{ frame: '020020008104XXXXXXXXXXXX' }]);
    expect(redactor.next(block('reader', '000009'))).toEqual([block('reader', '000009')]);
    const masks = (from: 'reader' | 'card') => masksOf(redactor.next(block(from, '000002 9000 92')));
    expect([masks('reader'), masks('card')]).toEqual([[maskOf(3, 3, 'code')], [maskOf(3, 3, 'nir')]]);
  });

  it('that are damaged are masked from the second byte on, while a card is active, from six bytes on', () => {
    const [six, five] = [block('reader', '020020008104', 'bad'), block('reader', '0200200081', 'bad')];
    expect(outcomes([{ type: 'field', t: 0, state: 'on' }, six])[1]).toEqual([six]);
    const redactor = redactorOn();
    outcomes(activation(), redactor);
    expect(redactor.next(five)).toEqual([five]);
    expect(redactor.next(six)).toEqual([{ ...six, frame: `02${'XX'.repeat(5)}`, masks: [maskOf(1, 5, 'code')] }]);
  });

  it('below APDUs: a NIR of 13 digits is masked, its beginning is not', () => {
    const start: TraceEvent = { type: 'field', t: 0, state: 'on' };
    const nir = card(ascii('2550814168025'));
    expect(outcomes([start, nir])[1]).toEqual([
      { ...nir, frame: 'XX'.repeat(15), masks: [maskOf(0, 13, 'nir'), maskOf(13, 2, 'nir')] },
    ]);
    const beginning = card(ascii('ABCDEFGH25508141'));
    expect(outcomes([start, beginning])[1]).toEqual([beginning]);
  });

  it('an APDU that was given up does not become the beginning of the next one', () => {
    const redactor = redactorOn();
    outcomes([...activation(), reader('120020008106 3132'), card('026700')], redactor);
    expect(redactor.next(reader(`03 ${CODE}`)).at(-1)).toMatchObject({ frame: '030020008104XXXXXXXXXXXX' });
  });

  it('an answer that was given up is let out when the next command comes', () => {
    const redactor = redactorOn();
    outcomes([...activation(), reader('0200B0000000')], redactor);
    const part = card(`12 ${ascii('the beginning')}`);
    expect(redactor.next(part)).toEqual([]);
    const next = reader('0300A40000');
    expect(redactor.next(next)).toEqual([part, next]);
  });

  it('hold a name that an APDU has shown', () => {
    const frame = card(`02 ${ascii('WITH ZOE IN IT')} 9000`);
    const name: TraceEvent[] = [
      { type: 'command', t: 0, apdu: '00CA006500' },
      { type: 'response', t: 0, apdu: `65058003${ascii('ZOE')}9000` },
    ];
    const read = [...activation(), reader('0200B0000000'), frame];
    expect(masksOf(outcomes([...name, ...read]).at(-1))).toEqual([maskOf(6, 3, 'name'), maskOf(17, 2, 'name')]);
    expect(outcomes(read).at(-1)).toEqual([frame]);
  });
});

describe('masks that an event has already', () => {
  const VERIFY = '0020008104 31323334';
  const old = (offset: number, length: number): Mask => ({ offset, length, what: 'key', hash: '0011223344556677' });

  it.each<[string, Mask[], Mask[]]>([
    ['none', [], [maskOf(5, 4, 'code')]],
    ['the beginning', [old(5, 2)], [old(5, 2), maskOf(7, 2, 'code')]],
    ['the end', [old(7, 2)], [maskOf(5, 2, 'code'), old(7, 2)]],
    ['the middle', [old(6, 1)], [maskOf(5, 1, 'code'), old(6, 1), maskOf(7, 2, 'code')]],
    ['two parts', [old(5, 1), old(7, 1)], [old(5, 1), maskOf(6, 1, 'code'), old(7, 1), maskOf(8, 1, 'code')]],
    ['all of it', [old(5, 4)], [old(5, 4)]],
    ['more than it', [old(4, 5)], [old(4, 5)]],
    ['what touches it in front', [old(3, 2)], [old(3, 2), maskOf(5, 4, 'code')]],
    ['something far in front', [old(0, 1)], [old(0, 1), maskOf(5, 4, 'code')]],
  ])('%s', (_, before, after) => {
    const [out] = redactorOn().next({ type: 'command', t: 0, apdu: hex(fromHex(VERIFY)), masks: before });
    expect((out as { masks: unknown }).masks).toEqual(after);
  });

  it('what touches it behind, and something behind that', () => {
    const apdu = '80200081 04 31323334 00';
    const [touching] = redactorOn().next({ type: 'command', t: 0, apdu: hex(fromHex(apdu)), masks: [old(9, 1)] });
    expect((touching as { masks: unknown }).masks).toEqual([maskOf(5, 4, 'code'), old(9, 1)]);
  });

  it('in a note: what is found besides stands in its order', () => {
    const text = 'NIR 2 55 08 14 168 025 38 and more';
    const before = maskOf(26, 3, 'name');
    const [out] = redactorOn().next({ type: 'note', t: 0, text, masks: [before] });
    expect(out).toMatchObject({ text: `NIR ${'X'.repeat(21)} and more`, masks: [maskOf(4, 21, 'nir'), before] });
    const [behind] = redactorOn().next({ type: 'note', t: 0, text, masks: [maskOf(0, 3, 'name')] });
    expect(behind).toMatchObject({ masks: [maskOf(0, 3, 'name'), maskOf(4, 21, 'nir')] });
  });
});

describe('a redacted source', () => {
  const KEY = Buffer.from('a key for this test');
  const NIR = '2 55 08 14 168 025 38';
  const HEADER: TraceHeader = {
    type: 'header',
    format: 'vitap-trace',
    version: 1,
    source: `read of ${NIR}`,
    backend: 'simulated',
    reader: `reader of ${NIR}`,
    interface: 'contactless',
    atr: null,
    ats: null,
    card: null,
    clock: 'ns',
    startedAt: '2026-01-01T00:00:00.000Z',
    redactions: [],
    secretsKept: true,
  };
  const MASKED = 'X'.repeat(21);
  const sourceOf = (header: TraceHeader, events: readonly TraceEvent[], fault?: Error) => ({
    header,
    async *events() {
      yield* events;
      if (fault !== undefined) throw fault;
    },
  });

  it('has no NIR in the texts of its header, and leaves out what was not there', () => {
    const { header } = redactedSource(sourceOf(HEADER, []), KEY);
    expect(header).toMatchObject({
      source: `read of ${MASKED}`,
      reader: `reader of ${MASKED}`,
      card: null,
      secretsKept: false,
      redactionKey: new Pseudonyms(KEY).keyId,
    });
    expect(Object.keys(header)).not.toContain('driver');
    expect(Object.keys(header)).not.toContain('cardSeed');
    const more = { ...HEADER, reader: null, card: `card of ${NIR}`, driver: `driver ${NIR}`, cardSeed: `seed ${NIR}` };
    expect(redactedSource(sourceOf(more, []), KEY).header).toMatchObject({
      reader: null,
      card: `card of ${MASKED}`,
      driver: `driver ${MASKED}`,
      cardSeed: `seed ${MASKED}`,
    });
  });

  it('gives what was read before a fault, and the fault', async () => {
    const part = reader('120020008104 3132');
    const given: TraceEvent[] = [];
    const reading = async (): Promise<void> => {
      const source = redactedSource(sourceOf(HEADER, [...activation(), part], new Error('torn')), KEY);
      for await (const event of source.events()) given.push(event);
    };
    await expect(reading()).rejects.toThrow('torn');
    expect(given).toHaveLength(3);
    expect(given[2]).toMatchObject({ frame: MASKED_PART });
  });

  it('keeps the hashes of another key, and adds none', async () => {
    const other = { ...HEADER, redactionKey: '0011223344556677' };
    const source = redactedSource(sourceOf(other, [{ type: 'command', t: 0, apdu: '002000810431323334' }]), KEY);
    expect(source.header.redactionKey).toBe('0011223344556677');
    for await (const event of source.events()) {
      expect((event as { masks: unknown }).masks).toEqual([maskOf(5, 4, 'code')]);
    }
  });
});
