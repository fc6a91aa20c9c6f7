import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import type { CommandIo } from '../../../../rig/console/io.ts';
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
  return vitapWith({}, env, ...words);
}

async function vitapWith(change: Partial<CommandIo>, env: Record<string, string>, ...words: string[]) {
  const json = words.includes('--json');
  const io = fakeIo({ env: { XDG_STATE_HOME: folder, ...env }, json, ...change });
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
    const unasked = await vitap({}, 'phone', 'wipe', ...phone('b'));
    expect(unasked).toEqual({
      exit: 2,
      out: '',
      err: 'vitap: this ends the card of this phone for ever, and there is no terminal here to ask on: --yes says so\n',
    });
    const typing = (answer: string) => ({
      stdinIsTty: true,
      askHidden: (question: string) => {
        expect(question).toBe('This ends the card of this phone for ever. Type yes to go on (it is not shown): ');
        return Promise.resolve(answer);
      },
    });
    const no = await vitapWith(typing(''), {}, 'phone', 'wipe', ...phone('b'));
    expect([no.exit, no.out, no.err]).toEqual([2, '', 'vitap: the answer was not yes: nothing was done\n']);
    expect((await vitap({}, 'phone', 'status', ...phone('b'))).out).toMatch(/^card {7}active, number 2/);
    expect((await vitapWith(typing('yes'), {}, 'phone', 'wipe', ...phone('b'))).out).toBe('The card is wiped.\n');
    // Nothing is lost the second time, and nobody is asked.
    expect((await vitap({}, 'phone', 'wipe', ...phone('b'))).out).toBe('The card is wiped.\n');
    const lost = await vitap({}, 'phone', 'lost', ...phone('b'));
    expect([lost.exit, lost.err]).toEqual([
      2,
      expect.stringMatching(
        /^vitap: the card was wiped here, and with it the key .* still have it as active: .*--identity/,
      ),
    ]);
    // No code is asked for where there is no card that would take it.
    for (const words of [
      ['change-code'],
      ['change-code', '--puk'],
      ['qr', '--offline'],
      ['present', '--link', 'vpcd'],
    ]) {
      const ended = await vitap({}, 'phone', ...words, ...phone('b'));
      expect([words, ended.err]).toEqual([
        words,
        expect.stringContaining('the card of this phone has ended, and is wiped'),
      ]);
    }
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
      { VITAP_TICKET: 'application:1.right', VITAP_NEW_PIN: CODE },
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
    if (words[0] !== 'activate') mkdirSync(join(folder, where));
    const issuer = name.startsWith('a weak') ? ['--issuer', served.origin] : [];
    const outcome = await vitap(env, 'phone', ...words, ...issuer, ...phone(where));
    expect([outcome.exit, outcome.out]).toEqual([exit, '']);
    expect(outcome.err).toMatch(sentence);
    expect(outcome.err).not.toContain(CODE);
  });

  it('the PUK that nobody has read is shown again after the code, with no ticket, and then no more', async () => {
    const words = ['phone', 'activate', '--issuer', served.origin, ...phone('puk')];
    const env = { VITAP_TICKET: 'application:1.right', VITAP_NEW_PIN: CODE };
    const unread = await vitapWith({ delivered: () => Promise.resolve(false) }, env, ...words);
    const shown = /^PUK \(shown this once; it unblocks the code\): (\d{8})$/m;
    const puk = shown.exec(unread.out)?.[1] as string;
    expect([unread.exit, puk?.length]).toEqual([0, 8]);
    expect(unread.err).toContain('Nobody has read the PUK: the card keeps it');
    expect(unread.err).not.toContain(puk);
    expect((await vitap({}, 'phone', 'status', ...phone('puk'))).out).toContain('PUK        not shown yet');
    const stopped = new AbortController();
    stopped.abort();
    const env2 = { VITAP_PIN: CODE };
    await vitapWith({ signal: stopped.signal }, env2, 'phone', 'activate', ...phone('puk')).catch(() => {});
    expect((await vitap({}, 'phone', 'activate', ...phone('puk'))).err).toContain('the code is needed');
    const again = await vitap(env2, 'phone', 'activate', ...phone('puk'));
    expect([again.exit, shown.exec(again.out)?.[1], again.err]).toEqual([0, puk, '']);
    expect((await vitap({}, 'phone', 'status', ...phone('puk'))).out).not.toContain('PUK');
    // Without a ticket too: that is what is wrong.
    for (const given of [env, {}]) {
      const third = await vitap(given, ...words);
      expect([third.exit, third.out, third.err]).toEqual([
        2,
        '',
        expect.stringContaining('has an active card already'),
      ]);
    }
    expect(
      (await vitap({ VITAP_PUK: puk, VITAP_NEW_PIN: '529173' }, 'phone', 'change-code', '--puk', ...phone('puk'))).exit,
    ).toBe(0);
  });

  it('a phone that does not run is locked', async () => {
    mkdirSync(join(folder, 'none'));
    expect(await vitap({}, 'phone', 'lock', ...phone('none'))).toEqual({ exit: 0, out: 'locked\n', err: '' });
  });

  it.each([['status'], ['wipe'], ['lock'], ['unlock'], ['qr'], ['sync'], ['credential'], ['change-code'], ['present']])(
    '%s of a folder that is not there says so, and makes none',
    async (verb) => {
      const typo = join(folder, 'typo');
      const outcome = await vitap({ VITAP_PIN: CODE, VITAP_NEW_PIN: '529173' }, 'phone', verb, '--phone', typo);
      expect(outcome).toEqual({
        exit: 2,
        out: '',
        err: `vitap: there is no phone in ${typo}: \`vitap phone activate\` makes one\n`,
      });
      expect(existsSync(typo)).toBe(false);
    },
  );

  it.each<[string, Record<string, string>, string[], number, RegExp]>([
    ['an empty ticket', {}, ['--ticket-file', 'EMPTY'], 2, /is empty where a ticket was expected/],
    ['a ticket of spaces', { VITAP_TICKET: '  ' }, [], 2, /VITAP_TICKET is empty where a ticket was expected/],
    ['a text that is no ticket', { VITAP_TICKET: 'rubbish' }, [], 2, /^vitap: VITAP_TICKET holds no ticket of an id/],
    ['a ticket of two words', { VITAP_TICKET: 'application: 1' }, [], 2, /VITAP_TICKET holds no ticket of an identity/],
    ['an empty new code', {}, ['--new-pin-file', 'EMPTY'], 2, /is empty where a code was expected/],
    ['no new code', { VITAP_NEW_PIN: '' }, [], 2, /a new code is needed/],
    ['a short new code', { VITAP_NEW_PIN: '1234' }, [], 1, /it has not six digits/],
    ['a weak new code', { VITAP_NEW_PIN: '111111' }, [], 1, /six equal digits/],
  ])('%s is told before a folder is made and the issuer is asked', async (_, env, words, exit, sentence) => {
    const empty = join(folder, 'empty');
    writeFileSync(empty, '');
    const calls: string[] = [];
    served.issuer.before = (call) => void calls.push(call);
    const outcome = await vitap(
      { VITAP_TICKET: 'application:1.right', VITAP_NEW_PIN: CODE, ...env },
      ...['phone', 'activate', '--issuer', served.origin, ...phone('early')],
      ...words.map((word) => (word === 'EMPTY' ? empty : word)),
    );
    served.issuer.before = () => {};
    expect([outcome.exit, outcome.out, calls]).toEqual([exit, '', []]);
    expect(outcome.err).toMatch(sentence);
    expect(existsSync(join(folder, 'early'))).toBe(false);
  });

  it('a code of another length spends no try; one try left is said in the singular, and how long a QR code is good', async () => {
    expect((await activate('c')).exit).toBe(0);
    const status = () => vitap({}, 'phone', 'status', ...phone('c'));
    for (const pin of ['1234', '38512', '3851277']) {
      for (const words of [['qr', '--offline'], ['status'], ['change-code']]) {
        const env = { VITAP_PIN: pin, VITAP_NEW_PIN: '529173' };
        const outcome = await vitap(env, 'phone', ...words, ...phone('c'));
        expect(outcome).toEqual({ exit: 2, out: '', err: 'vitap: a code has six digits; no try was spent\n' });
      }
    }
    const puk = { VITAP_PUK: '1234567', VITAP_NEW_PIN: '529173' };
    expect(await vitap(puk, 'phone', 'change-code', '--puk', ...phone('c'))).toEqual({
      exit: 2,
      out: '',
      err: 'vitap: the PUK has eight digits; no try was spent\n',
    });
    expect((await status()).out).toContain('code       3 tries left\n');
    const weak = { VITAP_PIN: '385128', VITAP_NEW_PIN: '111111' };
    expect((await vitap(weak, 'phone', 'change-code', ...phone('c'))).err).toContain('six equal digits');
    expect((await status()).out).toContain('code       3 tries left\n');
    const shown = await vitap({ VITAP_PIN: CODE }, 'phone', 'qr', '--offline', ...phone('c'));
    expect([shown.exit, shown.err]).toEqual([
      0,
      expect.stringMatching(/^Good until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z\.\n$/),
    ]);
    for (const left of ['2 tries left', '1 try left', 'blocked']) {
      await vitap({ VITAP_PIN: '385128' }, 'phone', 'qr', '--offline', ...phone('c'));
      expect((await status()).out).toContain(`code       ${left}\n`);
    }
  });

  it('a weak code that a file gave is not taken again and again on a terminal', async () => {
    const file = join(folder, 'birth');
    writeFileSync(file, '751231\n');
    const io = fakeIo({ env: { VITAP_TICKET: 'application:1.right' }, stdinIsTty: true });
    const words = ['activate', '--issuer', served.origin, '--new-pin-file', file, ...phone('e')];
    expect(await runCommandLine(['phone', ...words], '0.0.0', VERBS, io)).toBe(1);
    expect(io.err.join('')).toContain('it is a birth date');
  });

  it('present without its reader says nothing of holding the phone to it', async () => {
    expect((await activate('d')).exit).toBe(0);
    // Nothing listens on port 1.
    const words = ['present', '--link', 'vpcd:127.0.0.1:1', ...phone('d')];
    const outcome = await vitap({ VITAP_PIN: CODE }, 'phone', ...words);
    expect([outcome.exit, outcome.out]).toEqual([2, '']);
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
