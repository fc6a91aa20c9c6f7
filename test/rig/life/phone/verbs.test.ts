import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { DISCLOSED } from '../../../../rig/life/api/wire.ts';
import { signedContentOf } from '../../../../rig/life/credential/verify-offline-qr.ts';
import { AGREEABLE } from '../../../../rig/life/phone/options.ts';
import { PHONE_REFUSALS } from '../../../../rig/life/phone/refusals.ts';
import { testPrivateKey } from '../../../../rig/pki/test-hierarchy.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { CONTENT, crypto } from './blank-card.ts';
import { servedDouble } from './served-double.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'vitap-phone-verbs-'));
const CODE = '385127';
let served: Awaited<ReturnType<typeof servedDouble>>;
beforeAll(async () => {
  served = await servedDouble();
});
afterAll(async () => {
  await served.close();
  rmSync(folder, { recursive: true, force: true });
});

async function vitap(env: Record<string, string>, ...words: string[]) {
  const json = words.includes('--json');
  const io = fakeIo({ env: { XDG_STATE_HOME: folder, ...env }, json });
  const exit = await runCommandLine(words, '0.0.0', VERBS, io);
  return { exit, out: io.out.join(''), err: io.err.join('') };
}

const phone = (name: string): string[] => ['--phone', join(folder, name)];
const activate = (name: string, env: Record<string, string> = {}) =>
  vitap(
    { VITAP_TICKET: 'application:1.right', VITAP_NEW_PIN: CODE, ...env },
    'phone',
    'activate',
    '--issuer',
    served.origin,
    ...phone(name),
    '--json',
  );

describe('the life of a phone on the command line', () => {
  it('is activated, shows both QR codes, changes its code, hears of its end, and is wiped', async () => {
    const made = await activate('a');
    expect([made.exit, JSON.parse(made.out)]).toEqual([
      0,
      {
        schema: 'vitap-phone-activate',
        number: 1,
        can: expect.stringMatching(/^\d{6}$/),
        puk: expect.stringMatching(/^\d{8}$/),
        credentialOffer: null,
      },
    ]);
    const pin = { VITAP_PIN: CODE };
    const presence = await vitap(pin, 'phone', 'qr', '--presence', '--text', ...phone('a'));
    expect(presence).toEqual({ exit: 0, out: 'VP1:ABCDEFGHIJKLMNOPQRSTUVWXYZ234567\n', err: '' });
    const offline = await vitap(pin, 'phone', 'qr', '--offline', '--text', ...phone('a'));
    expect(offline.exit).toBe(0);
    // The content that both signatures are over is the one of the card's files.
    const publicKey = crypto.publicKey('P-256', testPrivateKey(crypto, 'P-256', 'issuer of the phones'));
    const issuers = [{ issuer: 'https://issuer.test', publicKey }];
    const content = signedContentOf(offline.out.trim(), { issuers, crypto });
    expect({ affiliation: content.affiliation, beneficiaries: content.people }).toEqual(CONTENT);
    const png = join(folder, 'qr.png');
    expect((await vitap(pin, 'phone', 'qr', '--offline', '--png', png, ...phone('a'))).exit).toBe(0);
    expect(readFileSync(png).subarray(1, 4).toString()).toBe('PNG');
    const weak = await vitap({ ...pin, VITAP_NEW_PIN: '111111' }, 'phone', 'change-code', ...phone('a'));
    expect([weak.exit, weak.err]).toEqual([1, 'vitap: this code is refused: six equal digits are guessed first\n']);
    writeFileSync(join(folder, 'fresh'), '529173\n');
    expect(
      (await vitap(pin, 'phone', 'change-code', '--new-pin-file', join(folder, 'fresh'), ...phone('a'))).exit,
    ).toBe(0);
    const wrong = await vitap(pin, 'phone', 'status', ...phone('a'));
    expect([wrong.exit, wrong.err]).toEqual([1, 'vitap: the code is wrong: 2 tries left\n']);
    expect((await activate('b')).exit).toBe(0);
    const synced = await vitap({}, 'phone', 'sync', ...phone('a'));
    expect([synced.exit, synced.out]).toEqual([0, 'This card has ended (replaced) and is wiped.\n']);
    const after = await vitap({ VITAP_PIN: '529173' }, 'phone', 'qr', '--offline', ...phone('a'));
    expect([after.exit, after.err]).toEqual([1, 'vitap: the card of this phone is revoked, and was wiped\n']);
    expect((await vitap({}, 'phone', 'wipe', ...phone('b'))).out).toBe('The card is wiped.\n');
    expect((await vitap({}, 'phone', 'status', ...phone('b'))).out).toMatch(
      /^card {7}wiped, number 2 \(wiped here\)\n/,
    );
  });

  it.each<[string, Record<string, string>, string[], number, RegExp]>([
    ['no ticket', { VITAP_TICKET: '' }, ['activate', '--issuer', 'http://127.0.0.1:9'], 2, /a ticket is needed/],
    ['no issuer', {}, ['activate'], 2, /which issuer\?/],
    ['an address that is none', {}, ['activate', '--issuer', 'nowhere'], 2, /the address of a server/],
    [
      'nobody there',
      { VITAP_TICKET: 'x', VITAP_NEW_PIN: CODE },
      ['activate', '--issuer', 'http://127.0.0.1:9'],
      2,
      /cannot be reached/,
    ],
    ['nothing to unlock', { VITAP_PIN: CODE }, ['unlock'], 2, /no `vitap phone present` or `serve`/],
    ['a QR code of a blank phone', { VITAP_PIN: CODE }, ['qr'], 2, /`vitap phone activate` gives it one/],
    ['no issuer for a sync', {}, ['sync'], 2, /has no issuer yet/],
    ['two kinds of QR code', {}, ['qr', '--presence', '--offline'], 2, /one of them/],
    [
      'a weak code of a new card',
      { VITAP_TICKET: 'application:1.right', VITAP_NEW_PIN: '751231' },
      ['activate'],
      1,
      /it is a birth date/,
    ],
  ])('%s', async (name, env, words, exit, sentence) => {
    const where = name.replaceAll(/\W/g, '');
    const issuer = name.startsWith('a weak') ? ['--issuer', served.origin] : [];
    const outcome = await vitap(env, 'phone', ...words, ...issuer, ...phone(where));
    expect([outcome.exit, outcome.out]).toEqual([exit, '']);
    expect(outcome.err).toMatch(sentence);
    expect(outcome.err).not.toContain(CODE);
  });

  it('a phone that does not run is locked', async () => {
    expect(await vitap({}, 'phone', 'lock', ...phone('none'))).toEqual({ exit: 0, out: 'locked\n', err: '' });
  });
});

it('the list of what may be agreed to is that of the wire', () => {
  expect(AGREEABLE).toEqual(DISCLOSED);
});

it('docs/phone.md has every refusal, with its sentence and exit code', () => {
  const text = readFileSync(new URL('../../../../docs/phone.md', import.meta.url), 'utf8');
  const table = text.slice(text.indexOf('## Refusals'), text.indexOf("## The card's files"));
  const rows = table
    .split('\n')
    .flatMap((line) => /^\| `([a-z-]+)` \| (.*) \| (\d) \|$/.exec(line)?.slice(1, 4).join(' | ') ?? []);
  expect(rows).toEqual(
    Object.entries(PHONE_REFUSALS).map(([code, { sentence, exit }]) => `${code} | ${sentence} | ${exit}`),
  );
});
