import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '../../../rig/trace/model.ts';
import { Pseudonyms, readRedactionKey } from '../../../rig/trace/pseudonyms.ts';
import { redactedSource } from '../../../rig/trace/session-redactor.ts';
import { importedHeader, type TraceSource } from '../../../rig/trace/stream.ts';

const text = (value: string): Uint8Array => Buffer.from(value);
const hex = (value: string): Uint8Array => Buffer.from(value.replaceAll(' ', ''), 'hex');
const key = text('a key for this test');

describe('Pseudonyms', () => {
  // printf 'vitap mask code\000274916' | openssl dgst -sha256 -mac HMAC -macopt key:'a key for this test'
  it('are the beginning of an HMAC-SHA-256', () => {
    expect(new Pseudonyms(key).of('code', text('274916'))).toBe('F713C35DF5012F2F');
    expect(new Pseudonyms(key).keyId).toBe('0AF8E00FF476B499');
  });

  it.each([
    ['a NIR with its key and without', 'nir', text('275126322074974'), text('2751263220749')],
    ['a NIR with another key', 'nir', text('275126322074974'), text('275126322074900')],
    ['a NIR with spaces', 'nir', text('2 75 12 63 220 749 74'), text('2751263220749')],
    ['a NIR in BCD', 'nir', hex('02 75 12 63 22 07 49 74'), text('2751263220749')],
    ['a NIR in BCD from the first half byte on', 'nir', hex('27 51 26 32 20 74 97 4F'), text('2751263220749')],
    ['a Corsican NIR in BCD', 'nir', hex('01 80 03 2B 02 04 01 23'), text('180032B020401')],
    ['a name in another case', 'name', text('Adrun'), text('ADRUN')],
    ['a name filled up with 00 and with FF', 'name', hex('41 4E 4E 00 00'), hex('41 4E 4E FF')],
    ['a name in UTF-8 and in Latin-1', 'name', text('René'), hex('52 45 4E C9')],
    ['a name with spaces around it', 'name', text(' ZOE  '), text('ZOE')],
    ['a name whose capital has two letters', 'name', text('Weiß'), text('WEISS')],
    ['a birth date in BCD', 'birth', hex('19 75 12 31'), text('19751231')],
  ] as const)('are the same for %s', (_, what, one, other) => {
    const pseudonyms = new Pseudonyms(key);
    expect(pseudonyms.of(what, one)).toBe(pseudonyms.of(what, other));
  });

  it('differ by secret, by kind and by key', () => {
    const [one, other] = [new Pseudonyms(key), new Pseudonyms()];
    const all = [
      one.of('code', text('274916')),
      one.of('code', text('274917')),
      one.of('key', text('274916')),
      other.of('code', text('274916')),
      new Pseudonyms().of('code', text('274916')),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('readRedactionKey', () => {
  it.each([
    [0, false],
    [15, false],
    [16, true],
    [4096, true],
    [4097, false],
  ])('%i bytes: %s', (length, taken) => {
    const folder = mkdtempSync(join(tmpdir(), 'vitap-key-'));
    const path = join(folder, 'key');
    writeFileSync(path, new Uint8Array(length), { mode: 0o600 });
    if (taken) expect(readRedactionKey(path)).toHaveLength(length);
    else expect(() => readRedactionKey(path)).toThrow(`has ${length} bytes; a redaction key has 16 to 4096`);
    rmSync(folder, { recursive: true });
  });
});

describe('a redacted source', () => {
  const events: TraceEvent[] = [
    { type: 'command', t: 0, apdu: '0020008106323734393136' },
    { type: 'response', t: 1, apdu: '9000' },
    { type: 'command', t: 2, apdu: '0020008106323734393136' },
    { type: 'command', t: 3, apdu: '0020008106323734393137' },
  ];
  const source = (header = importedHeader({ source: 'a test' }), given = events): TraceSource => ({
    header,
    async *events() {
      yield* given;
    },
  });
  async function redacted(from: TraceSource, with_?: Uint8Array) {
    const { header, events: stream } = redactedSource(from, with_);
    const read: TraceEvent[] = [];
    for await (const event of stream()) read.push(event);
    return {
      header,
      events: read,
      hashes: read.flatMap((each) => ('masks' in each ? (each.masks ?? []) : [])).map(({ hash }) => hash),
    };
  }

  it('tells equal secrets from others', async () => {
    const { hashes } = await redacted(source());
    expect(hashes[0]).toMatch(/^[0-9A-F]{16}$/);
    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  it('has other hashes each time, and the same under the same key', async () => {
    expect((await redacted(source())).hashes).not.toEqual((await redacted(source())).hashes);
    const [one, two] = [await redacted(source(), key), await redacted(source(), key)];
    expect(one.hashes).toEqual(two.hashes);
    expect(one.header.redactionKey).toBe(two.header.redactionKey);
  });

  it('keeps the hashes of before, and adds none of another key', async () => {
    const once = await redacted(source(), key);
    const more: TraceEvent = {
      type: 'command',
      t: 4,
      apdu: '0020008104XXXXXXXX',
      masks: [{ offset: 5, length: 4, what: 'code' }],
    };
    const twice = await redacted(source(once.header, [...once.events, more, events[0] as TraceEvent]));
    expect(twice.header.redactionKey).toBe(once.header.redactionKey);
    expect(twice.hashes).toEqual([...once.hashes, undefined, undefined]);
    // A masked code leaves nothing that could be hashed.
    const same = await redacted(source(once.header, [...once.events, more]), key);
    expect(same.hashes).toEqual([...once.hashes, undefined]);
  });
});
