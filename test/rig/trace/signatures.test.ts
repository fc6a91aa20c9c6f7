import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../rig/command/program.ts';
import { VERBS } from '../../../rig/command/verbs/index.ts';
import { EXPORTERS } from '../../../rig/trace/formats/index.ts';
import { maskedHex } from '../../../rig/trace/masked-hex.ts';
import { Redactor } from '../../../rig/trace/redaction.ts';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { fakeIo } from '../console/fake-io.ts';

const crypto = nobleCrypto();
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** Passes commands (`>`) and responses (`<`) through one redactor. */
function redact(session: readonly string[]): string[] {
  const redactor = new Redactor();
  return session.map((line) => {
    const apdu = bytes(line.slice(1));
    const masks = line.startsWith('>') ? redactor.command(apdu) : redactor.response(apdu);
    return line.charAt(0) + maskedHex(apdu, masks);
  });
}

const SIGNED = 'AB'.repeat(64);
const HIDDEN = 'XX'.repeat(64);

describe('signatures and signed hashes', () => {
  it.each([
    ['of a card’s files', ['>00B0850000', `<5F3740${SIGNED}9000`], ['>00B0850000', `<5F3740${HIDDEN}9000`]],
    [
      'behind a certificate, which stays as it is with the signature of its issuer',
      ['>00B0850000', `<7F214A 7F4E045F290100 5F3740${'CD'.repeat(64)} 5F3740${SIGNED} 9000`],
      ['>00B0850000', `<7F214A7F4E045F2901005F3740${'CD'.repeat(64)}5F3740${HIDDEN}9000`],
    ],
    [
      'cut by READ BINARY in its length and in its value, another command between',
      ['>00B0000003', '<5F37409000', '>0084000000', '<01029000', '>00B0000310', `<${'AB'.repeat(16)}9000`].concat([
        '>00B0001330',
        `<${'AB'.repeat(48)}9000`,
      ]),
      ['>00B0000003', '<5F37409000', '>0084000000', '<01029000', '>00B0000310', `<${'XX'.repeat(16)}9000`].concat([
        '>00B0001330',
        `<${'XX'.repeat(48)}9000`,
      ]),
    ],
    [
      'in two answers',
      ['>00CB3FFF00', `<5F37${'40'}${'AB'.repeat(60)}6104`, '>00C0000004', `<${'AB'.repeat(4)}9000`],
      ['>00CB3FFF00', `<5F3740${'XX'.repeat(60)}6104`, '>00C0000004', `<${'XX'.repeat(4)}9000`],
    ],
    ['as the bare value of GET DATA', ['>00CA5F3740', `<${SIGNED}9000`], ['>00CA5F3740', `<${HIDDEN}9000`]],
    ['written', [`>00D60000435F3740${SIGNED}`], [`>00D60000435F3740${HIDDEN}`]],
    [
      'the hashes of a travel document’s files (CMS SignedData)',
      ['>00B0000000', `<7715 3013 06092A864886F70D010702 A006 ${'0102030405'}06 9000`],
      ['>00B0000000', `<7715301306092A864886F70D010702${'XX'.repeat(8)}9000`],
    ],
    [
      'of a payment card’s records',
      ['>00B2010C00', `<7016 9314${'AB'.repeat(20)}9000`],
      ['>00B2010C00', `<70169314${'XX'.repeat(20)}9000`],
    ],
    [
      'COMPUTE DIGITAL SIGNATURE: the hash that is signed, and the signature',
      [`>002A9E9A20${'11'.repeat(32)}00`, `<${SIGNED}9000`],
      [`>002A9E9A20${'XX'.repeat(32)}00`, `<${HIDDEN}9000`],
    ],
    [
      'VERIFY DIGITAL SIGNATURE in ENVELOPE',
      ['>00C2000009 002A00A804 01020304', '<90009000'],
      ['>00C2000009002A00A804XXXXXXXX', '<90009000'],
    ],
    [
      'the tag with something short in it',
      ['>00B0000000', '<5F370401020304 9000'],
      ['>00B0000000', '<5F3704010203049000'],
    ],
    ['MSE and other operations', ['>002A80860100', '<9000'], ['>002A80860100', '<9000']],
  ])('%s', (_, session, expected) => expect(redact(session)).toEqual(expected));
});

describe('the attack: name, birth date and commune of a person are known, and the signature over the masked files', () => {
  let folder: string;
  let open: string[];
  let masked: string[];
  const file = (name: string): string => join(folder, name);
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-signatures-'));
    const io = fakeIo({ env: { VITAP_PIN: '274916' } });
    const tap = (...more: string[]) => runCommandLine(['tap', '--profile', 'vitale2', ...more], '0.0.0', VERBS, io);
    expect(await tap('--record', file('open.jsonl'), '--keep-secrets')).toBe(0);
    expect(await tap('--record', file('masked.jsonl'))).toBe(0);
    open = apdus(readFileSync(file('open.jsonl'), 'utf8'));
    masked = apdus(readFileSync(file('masked.jsonl'), 'utf8'));
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Data of the answers of a trace; those of READ BINARY that belong together as one. */
  function apdus(trace: string): string[] {
    const answers: string[] = [];
    let command = '';
    for (const line of trace.trim().split('\n')) {
      const { type, apdu } = JSON.parse(line) as { type: string; apdu: string };
      if (type === 'command') command = apdu;
      if (type !== 'response') continue;
      const goesOn = command.startsWith('00B0') && !command.startsWith('00B08') && command.slice(4, 8) !== '0000';
      answers.push((goesOn ? (answers.pop() ?? '') : '') + apdu.slice(0, -4));
    }
    return answers;
  }

  /** Zoe of vitale2, with the last three digits of her number and its key, which nobody told the attacker. */
  const ZOE = '275126322074974';

  /**
   * Tries all numbers of that month and commune against the signature.
   * @param answers of a trace in which the attacker has filled in all that is known
   * @returns the number that is right, or null
   */
  function attack(answers: readonly string[]): string | null {
    const records = (tag: string): string[] => answers.filter((each) => each.startsWith(tag));
    const [affiliation, beneficiaries, rights] = ['E1', 'E2', 'E3'].map(records) as [string[], string[], string[]];
    const content = answers.find((each) => each.startsWith('7F21')) ?? '';
    const publicKey = /864104([0-9A-F]{128})/.exec(content)?.[1];
    const signature = content.slice(-128);
    if (publicKey === undefined || !/5F3740[0-9A-F]{128}$/.test(content)) return null;
    const hash = (data: Uint8Array): Uint8Array => crypto.hash('sha-256', data);
    const others = [hash(bytes(affiliation.join(''))), hash(bytes(rights.join('')))] as const;
    for (let order = 0; order < 1000; order++) {
      const number = `2751263220${`${order}`.padStart(3, '0')}`;
      const nir = number + `${97 - (Number(number) % 97)}`.padStart(2, '0');
      const guess = beneficiaries.join('').replace(/\?+/, Buffer.from(nir).toString('hex').toUpperCase());
      const digest = hash(Buffer.concat([others[0], hash(bytes(guess)), others[1]]));
      if (crypto.ecdsaVerify('P-256', bytes(`04${publicKey}`), digest, bytes(signature))) return nir;
    }
    return null;
  }

  /** What the attacker knows: all that is masked in beneficiaries but Zoe's number. The signature is as it was published. */
  function known(published: readonly string[]): string[] {
    const secret = Buffer.from(ZOE).toString('hex').toUpperCase();
    return open.map((answer, i) =>
      answer.startsWith('7F21') ? published[i]! : answer.replace(secret, '?'.repeat(30)),
    );
  }

  it('finds the number where the signature stands in clear', () => {
    expect(attack(known(open))).toBe(ZOE);
  }, 60_000);

  it('finds nothing in a masked trace', () => {
    expect(masked).toHaveLength(open.length);
    expect(masked.some((answer) => answer.includes('XX'))).toBe(true);
    expect(attack(known(masked))).toBeNull();
  });

  it('finds the signature in no format that is made of one', async () => {
    const signature = Buffer.from(open.find((each) => each.startsWith('7F21'))!.slice(-128), 'hex');
    for (const { name, extension } of EXPORTERS.map((each) => ({ name: each.name, extension: each.extensions[0] }))) {
      const to = file(`masked-${name}${extension ?? ''}`);
      const io = fakeIo();
      const exit = await runCommandLine(['convert', file('open.jsonl'), to, '--to', name], '0.0.0', VERBS, io);
      if (exit !== 0) continue;
      const written = readFileSync(to);
      const hex = written
        .toString('latin1')
        .replaceAll(/0x|[\s:,"'|]/gi, '')
        .toUpperCase();
      // A quarter of it is as much as any line or frame may hold.
      for (let at = 0; at < 64; at += 16) {
        const part = signature.subarray(at, at + 16);
        expect([name, written.includes(part), hex.includes(part.toString('hex').toUpperCase())]).toEqual([
          name,
          false,
          false,
        ]);
      }
    }
  }, 60_000);
});
