import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { READING } from '../../../../rig/life/counter/reading.ts';
import { fakeIo } from '../../console/fake-io.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-counter-tap-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const HOLDER = { VITAP_CAN: '161803', VITAP_PIN: '274916' };
const SECRETS = ['ADRUN', 'ZOE', '2751263220749', '2 75 12 63 220 749', '19751231', '1975-12-31', '274916', '161803'];

async function vitap(
  args: readonly string[],
  env: Readonly<Record<string, string>> = HOLDER,
): Promise<{ exit: number; out: string; err: string }> {
  const io = fakeIo({ env });
  const exit = await runCommandLine(args, '0', VERBS, io);
  return { exit, out: io.out.join(''), err: io.err.join('') };
}

const counterTap = (...more: string[]) => vitap(['counter', 'tap', '--profile', 'apcv', ...more]);

describe('counter tap', { timeout: 60_000 }, () => {
  it('says who is here, whether rights are open, and what was checked by whom', async () => {
    const { exit, out } = await counterTap('--keys', 'test', '--show', '--on', '2026-01-31');
    expect(exit).toBe(0);
    expect(out).toMatch(/^Presented by card, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n/);
    expect(out).toContain('People, with their rights on 2026-01-31\n  1  ZOE ADRUN, insured, born 1975-12-31\n');
    expect(out).toContain('     NIR 2 75 12 63 220 749  key 74\n     rights OPEN: 2024-01-01 to …\n');
    expect(out).toContain('  régime 01 régime général\n');
    expect(out).toMatch(/Known\n {2}read from the card itself, /);
    expect(out).toMatch(
      /PASS {10}genuine card, by this counter: by chip authentication; EF.CardSecurity, with its key/,
    );
    expect(out).toMatch(/PASS {10}signature of the data, by this counter: /);
    expect(out).not.toContain('Invoices');
  });

  it.each<[string, Record<string, string>, string[], number, string]>([
    ['of another length', { VITAP_PIN: '1234' }, [], 2, 'a code of this card has another length; no try was spent'],
    ['that is wrong', { VITAP_PIN: '274917' }, [], 1, 'the code typed on the phone is wrong'],
    ['that is blocked', {}, ['--state', 'blocked'], 1, 'the code of the phone is blocked'],
  ])('a code %s: said so, and nothing is read', async (_, env, words, exit, sentence) => {
    const args = ['counter', 'tap', '--profile', 'apcv', '--keys', 'test', ...words];
    expect(await vitap(args, { ...HOLDER, ...env })).toEqual({ exit, out: '', err: `vitap: ${sentence}\n` });
  });

  it('masks names, birth dates and NIRs unless they are asked for, in words and in JSON', async () => {
    const words = await counterTap('--keys', 'test');
    const json = await counterTap('--keys', 'test', '--json');
    expect(words.out).toContain('  1  ***, insured, born ***\n     NIR ***\n');
    for (const { exit, out, err } of [words, json]) {
      expect(exit).toBe(0);
      for (const secret of SECRETS) expect(out + err).not.toContain(secret);
    }
    const reading = READING.parse(JSON.parse(json.out));
    expect(reading.people).toHaveLength(3);
    expect(reading.invoices).toBeNull();
    expect(reading.activation).toEqual({ state: 'not checked', list: null });
    expect(json.err).toBe('the activation was not looked up: the card holds no credential of an issuer\n');
  });

  it('judges rights for the day that is asked for', async () => {
    const open = async (day: string): Promise<(boolean | null)[]> => {
      const { out } = await counterTap('--keys', 'test', '--json', '--on', day);
      return READING.parse(JSON.parse(out)).people.map((person) => person.open);
    };
    // The profile's periods: from 2024-01-01; to 2027-07-13; to 2024-08-31, then from 2024-09-01 to 2028-08-06.
    expect(await open('2023-12-31')).toEqual([false, false, false]);
    expect(await open('2024-09-01')).toEqual([true, true, true]);
    expect(await open('2027-07-14')).toEqual([true, false, true]);
    expect((await counterTap('--keys', 'test', '--on', '2026-02-30')).err).toBe(
      'vitap: --on takes a day as 2026-01-31, and "2026-02-30" is none\n',
    );
  });

  it('reads the invoices on request alone, and a trace shows which files were read', async () => {
    const trace = join(folder, 'without.jsonl');
    await counterTap('--keys', 'test', '--record', trace, '--session-keys', join(folder, 'without.keys'));
    const asked = await counterTap('--keys', 'test', '--invoices', '--json');
    expect(READING.parse(JSON.parse(asked.out)).invoices).toHaveLength(8);
    const shown = await vitap(['trace', 'show', trace, '--keys', join(folder, 'without.keys')], {});
    // P2 of READ RECORD by short identifier, all from record 1: E001, E002, E003 and not E004.
    expect(shown.out).toContain('00B2010D');
    expect(shown.out).toContain('00B2011D');
    expect(shown.out).not.toContain('00B20125');
    const text = readFileSync(trace, 'latin1');
    for (const secret of SECRETS) expect(text).not.toContain(secret);
  });

  it('gets nothing of a holder who has not agreed', async () => {
    const { exit, out, err } = await vitap(['counter', 'tap', '--profile', 'apcv', '--keys', 'test'], {
      VITAP_CAN: '161803',
    });
    expect({ exit, out }).toEqual({ exit: 1, out: '' });
    expect(err).toMatch(/^vitap: the card gives nothing: the holder has not agreed on the phone/);
  });

  it('needs an access number', async () => {
    const { exit, err } = await vitap(['counter', 'tap', '--profile', 'apcv', '--keys', 'test'], { VITAP_CAN: '' });
    expect(exit).toBe(2);
    expect(err).toMatch(/VITAP_CAN|access number/);
  });
});

/** Terminals that must get nothing: the card refuses each of them before it gives anything personal. */
describe('a terminal', { timeout: 60_000 }, () => {
  const keysOf = async (name: string, ...dates: string[]): Promise<string> => {
    const pki = join(folder, name);
    const made = await vitap(['pki', 'init', pki, '--prefix', 'FRLAB', ...dates], {});
    expect(made.exit, made.err).toBe(0);
    return join(pki, 'FRLABAT00001.keys.json');
  };

  async function expectNothing(exit: number, sentence: RegExp, ...more: string[]): Promise<void> {
    const told = await counterTap(...more);
    expect(told.err).toMatch(sentence);
    expect({ exit: told.exit, out: told.out }).toEqual({ exit, out: '' });
  }

  it('without certificates opens PACE, and gets nothing', async () => {
    await expectNothing(1, /the card gives nothing to a terminal that does not prove who it is/);
  });

  it('whose certificates are self-made leads to no root that the card trusts', async () => {
    await expectNothing(2, /lead to no root that the card trusts/, '--keys', await keysOf('self-made'));
  });

  it('that forges the root that the card trusts is found out by the signature', async () => {
    const test = join(folder, 'test-pki');
    expect((await vitap(['pki', 'init', test, '--test'], {})).exit).toBe(0);
    const keys = JSON.parse(readFileSync(join(test, 'FRVITAPAT00001.keys.json'), 'utf8'));
    const forged = JSON.parse(readFileSync(await keysOf('forger'), 'utf8'));
    // The right names, and one bit of the document verifier's signature is another.
    const [verifier, ...rest] = keys.certificates as string[];
    const last = (Number.parseInt(verifier!.slice(-1), 16) ^ 1).toString(16).toUpperCase();
    const file = join(folder, 'forged.keys.json');
    writeFileSync(
      file,
      JSON.stringify({ ...keys, signers: forged.signers, certificates: [`${verifier!.slice(0, -1)}${last}`, ...rest] }),
      { mode: 0o600 },
    );
    await expectNothing(1, /made by somebody else/, '--keys', file);
  });

  it('whose certificate has expired is refused by the card’s own date', async () => {
    const test = join(folder, 'expired-pki');
    expect((await vitap(['pki', 'init', test, '--test'], {})).exit).toBe(0);
    const issued = await vitap(
      ['pki', 'issue', test, 'terminal', 'FRVITAPAT00009', '--from', '2020-01-01', '--to', '2020-12-31'],
      {},
    );
    expect(issued.exit, issued.err).toBe(0);
    await expectNothing(1, /has expired/, '--keys', join(test, 'FRVITAPAT00009.keys.json'));
  });

  it('without the right to read people gets none', async () => {
    const test = join(folder, 'no-rights-pki');
    expect((await vitap(['pki', 'init', test, '--test'], {})).exit).toBe(0);
    await vitap(['pki', 'issue', test, 'terminal', 'FRVITAPAT00008', '--rights', 'read DG8'], {});
    await expectNothing(1, /this terminal has not the right/, '--keys', join(test, 'FRVITAPAT00008.keys.json'));
  });
});
