import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../rig/command/program.ts';
import { VERBS } from '../../../rig/command/verbs/index.ts';
import { EXPORTERS } from '../../../rig/trace/formats/index.ts';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { fakeIo } from '../console/fake-io.ts';

const crypto = nobleCrypto();
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

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
