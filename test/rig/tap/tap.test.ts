import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildImage } from '../../../rig/card/open.ts';
import { NO_CHANNEL } from '../../../rig/channel/choice.ts';
import type { TapOptions } from '../../../rig/tap/options.ts';
import { tap } from '../../../rig/tap/tap.ts';
import { FileNvm } from '../../../src/hal/nvm/file.ts';
import { type FakeIo, fakeIo } from '../console/fake-io.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-tap-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const profile = (name: string, more: Partial<TapOptions> = {}): TapOptions => ({
  reader: { driver: 'loopback' },
  card: { kind: 'profile', name },
  interface: null,
  sequence: 'all',
  pin: { file: null, ask: false },
  record: { file: null, keepSecrets: false },
  timeoutMs: 1000,
  ...more,
});

async function run(
  options: TapOptions,
  code?: string,
  json = false,
  can = '',
): Promise<{ exit: number; text: string; io: FakeIo }> {
  const io = fakeIo({ json, env: { VITAP_CAN: can, ...(code === undefined ? {} : { VITAP_PIN: code }) } });
  const exit = await tap(options, io);
  return { exit, text: io.out.join(''), io };
}

describe('tap in process', () => {
  it('without a code reads what is free, says what was refused, and ends well', async () => {
    const { exit, text, io } = await run(profile('vitale2'));
    expect(exit).toBe(0);
    expect(text).toContain('ZOE ADRUN, born 1975-12-31');
    expect(text).toContain('NIR 2 75 12 63 220 749  key 74 (right)');
    expect(text).toContain('own application: 6982 security status not satisfied');
    expect(text).not.toContain('invoices');
    expect(io.err.join('')).toContain('VITAP_PIN');
  });

  it('with the code shows the whole card as a person reads it', async () => {
    const { exit, text } = await run(profile('vitale2'), '274916');
    expect(exit).toBe(0);
    expect(text).toMatch(/ZOE ADRUN, insured, born 1975-12-31, \d+ years/);
    expect(text).toMatch(/PIERRE-ALAIN ECETINSI, child/);
    expect(text).toContain('régime 01 régime général');
    expect(text).toContain('caisse 999 GIE SESAM-Vitale (test), centre 0001, code gestion 10');
    expect(text).toMatch(
      /2025-06-30 {2}CENTRE DU LAC D’ANNECY +ZOE +1 234,56 € +AMO 740,74 € +AMC 400,00 € +patient 93,82 €/,
    );
    expect(text).toContain('PASS  signature');
    expect(text).toContain('Where the time went');
    expect(text).not.toContain('274916');
  });

  it.each([
    ['apcv', null, '274916', 0, 'unlocked-by-holder', '161803'],
    ['apcv', null, '274916', 0, 'unlocked-by-holder', ''],
    ['apcv', null, undefined, 0, 'not-given', '161803'],
    ['apcv', 'contact', '274916', 0, 'verified'],
    ['apcv', 'contact', undefined, 0, 'not-given'],
    ['vitale2', 'contactless', '274916', 0, 'refused'],
    ['apcv', null, '000000', 1, 'wrong'],
    ['vitale2', null, '000000', 1, 'wrong'],
  ] as const)('%s on %s with the code %s: exit %i, code %s, CAN %s', async (...row) => {
    const [name, cardInterface, code, exit, outcome, can] = row;
    const channel = can === undefined ? {} : { channel: NO_CHANNEL };
    const result = await run(profile(name, { interface: cardInterface, sequence: 'own', ...channel }), code, true, can);
    const data = JSON.parse(result.text);
    expect(result.exit).toBe(exit);
    expect(data.code.outcome).toBe(outcome);
    expect(data.verdict).toBe(exit === 0 ? 'pass' : 'fail');
    const readable = outcome === 'verified' || (outcome === 'unlocked-by-holder' && can !== '');
    expect(data.beneficiaries).toHaveLength(readable ? 3 : 0);
    expect(data.invoices).toHaveLength(readable ? 8 : 0);
  });

  it.each([
    [null, '1234', 'A code of this card has another length (6700).\n'],
    ['contactless', '274916', /^The card does not take the code in the clear here \(6982\)/],
  ] as const)('on %s says why the code %s was refused', async (cardInterface, code, sentence) => {
    const { io } = await run(profile('vitale2', { interface: cardInterface, channel: NO_CHANNEL }), code, false, '');
    expect(io.err.join('')).toMatch(sentence);
  });

  it.each(['all', 'identity', 'own'] as const)(
    'over an antenna without a CAN: %s says what is missing',
    async (sequence) => {
      const { text, io } = await run(profile('vitale2', { interface: 'contactless', sequence }));
      expect(io.err).toEqual(['What was refused needs PACE: --can-file FILE or VITAP_CAN.\n']);
      expect(text).not.toContain('ADRUN');
    },
  );

  it('gives the same as data: nothing but JSON on standard output', async () => {
    const { text } = await run(profile('vitale2'), '274916', true);
    const data = JSON.parse(text);
    expect(data.id).toBe('tap');
    expect(data.checks.map((check: { id: string; verdict: string }) => [check.id, check.verdict])).toEqual([
      ['nir-key-1', 'pass'],
      ['nir-key-2', 'pass'],
      ['nir-key-3', 'pass'],
      ['signature', 'pass'],
    ]);
    expect(data.time.exchanges.every((exchange: { header: string }) => /^[0-9A-F]{8}$/.test(exchange.header))).toBe(
      true,
    );
    expect(text).not.toContain('274916');
    expect(text).not.toContain(Buffer.from('274916').toString('hex'));
  });

  it('spends the tries of an image file, says how many are left, then that it is blocked', async () => {
    const image = join(folder, 'card.img');
    FileNvm.create(image, await buildImage('vitale2', 'a seed')).close();
    const options = profile('', { card: { kind: 'image', fileOrName: image }, sequence: 'own' });
    const said: string[] = [];
    for (let i = 0; i < 4; i++) {
      const { exit, io } = await run(options, '111111');
      expect(exit).toBe(1);
      said.push(io.err.join('').trim());
    }
    expect(said).toEqual([
      'The code is wrong: 2 tries left.',
      'The code is wrong: 1 try left.',
      'The code is wrong: no try left.',
      'The code is blocked: no try left.',
    ]);
    const right = await run(options, '274916');
    expect(right.exit).toBe(1);
    expect(right.text).not.toContain('ADRUN');
  });

  it('a damaged content is a failed check, and the rest is shown', async () => {
    const image = await buildImage('vitale2', 'a seed');
    const at = Buffer.from(image).lastIndexOf('ADRUN');
    image[at] = image[at]! ^ 0x01; // in E002: the signature is not over this
    const path = join(folder, 'card.img');
    FileNvm.create(path, image).close();
    const { exit, text } = await run(profile('', { card: { kind: 'image', fileOrName: path } }), '274916');
    expect(exit).toBe(1);
    expect(text).toContain('FAIL  signature: the signature is not over these files');
    expect(text).toContain('PIERRE-ALAIN');
  });

  it('records a trace in which neither code nor NIR can be found', async () => {
    const file = join(folder, 'tap.jsonl');
    await run(profile('vitale2', { record: { file, keepSecrets: false } }), '274916');
    const trace = readFileSync(file, 'utf8');
    for (const secret of ['274916', '275126322074974', '109076322083489', '110086322083060', '2751263220749']) {
      expect(trace).not.toContain(secret);
      expect(trace.toUpperCase()).not.toContain(Buffer.from(secret).toString('hex').toUpperCase());
    }
    expect(trace).toContain('0020008106XXXXXXXXXXXX');
  });

  it('keeps secrets in a trace when it is told to', async () => {
    const file = join(folder, 'tap.jsonl');
    await run(profile('vitale2', { record: { file, keepSecrets: true } }), '274916');
    const trace = readFileSync(file, 'utf8');
    expect(trace).toContain('0020008106323734393136');
    expect(trace.toUpperCase()).toContain(Buffer.from('275126322074974').toString('hex').toUpperCase());
  });

  it('a card that is none of ours: says so and fails', async () => {
    const path = join(folder, 'empty.yaml');
    writeFileSync(
      path,
      'profile: empty\nlink: { interface: contact, protocol: T=1, historicalBytes: "", uid: random }\ncard: { serial: "01", type: T, validFrom: "20240101" }\nmasterFile: { files: [] }\n',
    );
    const { exit, io } = await run(profile(path));
    expect(exit).toBe(1);
    expect(io.err.join('')).toContain('none of the names');
  });
});
