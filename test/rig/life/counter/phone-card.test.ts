import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { READING } from '../../../../rig/life/counter/reading.ts';
import { issueReaderCwt } from '../../../../rig/life/credential/issue-inner-cwt.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { CONTENT } from '../phone/blank-card.ts';
import { phoneImage, STATUS_INDEX, statusListFile, trustFile } from './phone-card.ts';

let folder: string;
const at = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-phone-card-'));
  await phoneImage(at('phone.img'));
  trustFile(at('trust.json'));
  await statusListFile(at('list'), []);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

interface Told {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

async function vitap(args: readonly string[], unlocked = true): Promise<Told> {
  const io = fakeIo({ env: { VITAP_CAN: '161803', ...(unlocked && { VITAP_PIN: '274916' }), XDG_STATE_HOME: folder } });
  const exit = await runCommandLine(args, '0', VERBS, io);
  return { exit, out: io.out.join(''), err: io.err.join('') };
}

const reader = (keys = 'test', image = 'phone.img'): string[] => ['--image', at(image), '--keys', keys];
const lists = (): string[] => ['--trust', at('trust.json'), '--status-list', at('list'), '--offline'];
const tap = (...more: string[]): Promise<Told> => vitap(['counter', 'tap', ...reader(), '--json', ...more]);

describe('the card of an activated phone', { timeout: 60_000 }, () => {
  it('is read with the state of its activation', async () => {
    const { exit, out, err } = await tap(...lists());
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    const reading = READING.parse(JSON.parse(out));
    expect(reading.people).toHaveLength(2);
    expect(reading.activation).toMatchObject({ state: 'active', list: { from: 'file', stale: false } });
    expect(reading.checks.map(({ what, verdict }) => [what, verdict])).toEqual([
      ['genuine card', 'pass'],
      ['signature of the data', 'pass'],
      ['credential of the issuer', 'pass'],
    ]);
  });

  it('that is revoked is refused: a fresh list stops it, one from before says how stale it is', async () => {
    await statusListFile(at('list'), [STATUS_INDEX]);
    const revoked = await tap(...lists());
    expect(revoked.exit).toBe(1);
    const reading = READING.parse(JSON.parse(revoked.out));
    expect([reading.people, reading.affiliation, reading.activation.state]).toEqual([[], null, 'revoked']);
    expect(revoked.out).not.toContain('999');
    await statusListFile(at('list'), [], 3600);
    const stale = await tap(...lists());
    expect(stale.exit).toBe(0);
    expect(stale.err).toMatch(/the list of states is stale: it is 360\d s old, and is good for 60 s/);
    await statusListFile(at('list'), []);
  });

  it('shows nobody where its state cannot be looked up, unless that is accepted', async () => {
    for (const without of [[], ['--trust', at('trust.json')]]) {
      const { exit, out, err } = await tap('--offline', ...without, '--counter', at('empty'));
      expect(exit).toBe(1);
      expect(out).not.toMatch(/people|999/);
      expect(err).toMatch(/^vitap: nobody is shown, for whether the card is revoked is not known: /);
    }
    expect((await tap('--offline', '--accept-unchecked', '--counter', at('empty'))).exit).toBe(0);
  });

  it('whose credential names other people than its files is refused', async () => {
    await phoneImage(at('other.img'), CONTENT.beneficiaries.slice(0, 1));
    const args = ['counter', 'tap', ...reader('test', 'other.img'), ...lists()];
    const { exit, out } = await vitap(args);
    expect(exit).toBe(1);
    expect(out).toContain(
      'FAIL          credential of the issuer, by this counter: people or affiliation are not those',
    );
    expect(out).toContain('Nobody is shown');
  });

  it('of a family too large for an offline QR code is judged by the hash of its people', async () => {
    await phoneImage(at('large.img'), CONTENT.beneficiaries, issueReaderCwt);
    const read = (image: string) => vitap(['counter', 'tap', ...reader('test', image), '--json', ...lists()]);
    const whole = await read('large.img');
    expect({ exit: whole.exit, err: whole.err }).toEqual({ exit: 0, err: '' });
    const reading = READING.parse(JSON.parse(whole.out));
    expect([reading.people.length, reading.activation.state]).toEqual([2, 'active']);
    expect(reading.checks.find(({ what }) => what === 'credential of the issuer')).toMatchObject({
      verdict: 'pass',
      detail: expect.stringContaining('people (by their hash: the family is too large for it) and affiliation'),
    });
    // The status counts as with any card, and another family's token does not fit.
    await statusListFile(at('list'), [STATUS_INDEX]);
    expect(JSON.parse((await read('large.img')).out)).toMatchObject({ people: [], activation: { state: 'revoked' } });
    await statusListFile(at('list'), []);
    await phoneImage(at('swapped.img'), CONTENT.beneficiaries.slice(0, 1), issueReaderCwt);
    const swapped = await read('swapped.img');
    expect([swapped.exit, JSON.parse(swapped.out).people]).toEqual([1, []]);
  });

  it('holds no presence until the phone has put one there', async () => {
    const { exit, err } = await tap('--presence', '--issuer', 'http://127.0.0.1:9');
    expect({ exit, err }).toEqual({ exit: 1, err: 'vitap: the card holds no presence\n' });
  });
});

describe('a claim onto the card', { timeout: 60_000 }, () => {
  const claim = (number: number): string => {
    const file = at(`claim-${number}.yaml`);
    const digits = `${number}`.padStart(9, '0');
    const amounts = 'total: 30.00\namo: 19.00\namc: 9.00\npatient: 2.00\nthirdParty: yes\n';
    const who = 'beneficiary: 1\nprofessionalId: "991234567"\nprofessionalName: CABINET DES TILLEULS\n';
    writeFileSync(file, `number: "${digits}"\ndate: 20261129\n${who}${amounts}`);
    return file;
  };
  const put = (number: number, keys = 'test', unlocked = true): Promise<Told> =>
    vitap(['counter', 'claim', claim(number), ...reader(keys)], unlocked);
  const invoices = async (): Promise<string[]> => {
    const { out } = await tap(...lists(), '--invoices');
    return (READING.parse(JSON.parse(out)).invoices ?? []).map(({ number }) => number);
  };

  it('is written once, newest first, and the card keeps 20', async () => {
    expect(await put(1)).toEqual({ exit: 0, out: 'the claim is on the card\n', err: '' });
    expect((await put(1)).out).toBe('the claim was on the card before: nothing was written\n');
    expect(await invoices()).toEqual(['000000001']);
    for (let number = 2; number <= 21; number++) await put(number);
    const kept = await invoices();
    expect(kept).toHaveLength(20);
    expect([kept[0], kept.at(-1)]).toEqual(['000000021', '000000002']);
  });

  it('with a number that the professional used for another claim is refused', async () => {
    const file = at('changed.yaml');
    writeFileSync(
      file,
      'number: "000000021"\ndate: 20261128\nbeneficiary: 1\nprofessionalId: "991234567"\n' +
        'professionalName: CABINET DES TILLEULS\ntotal: 30.00\namo: 19.00\namc: 9.00\npatient: 2.00\nthirdParty: yes\n',
    );
    const { exit, err } = await vitap(['counter', 'claim', file, ...reader()]);
    expect({ exit, err }).toEqual({
      exit: 1,
      err: 'vitap: the card has another claim of this professional with this number\n',
    });
  });

  it('needs a new consent, and the right to write DG18', async () => {
    const locked = await put(30, 'test', false);
    expect(locked).toMatchObject({ exit: 1, out: '' });
    expect(locked.err).toMatch(/^vitap: the card takes no claim: the holder has not agreed anew on the phone/);
    expect((await vitap(['pki', 'init', at('pki'), '--test'])).exit).toBe(0);
    await vitap(['pki', 'issue', at('pki'), 'terminal', 'FRVITAPAT00007', '--rights', 'read DG1, read DG2, read DG3']);
    const noRight = await put(30, at('pki/FRVITAPAT00007.keys.json'));
    expect(noRight.err).toMatch(/or this terminal has not the right to write DG18/);
    expect(await invoices()).not.toContain('000000030');
  });
});
