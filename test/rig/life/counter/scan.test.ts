import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeFailure } from '../../../../rig/console/failure.ts';
import { CounterFailure } from '../../../../rig/life/counter/failures.ts';
import { READING } from '../../../../rig/life/counter/reading.ts';
import { type CounterScanOptions, counterScan } from '../../../../rig/life/counter/scan.ts';
import { pointToJwk } from '../../../../rig/life/credential/jws.ts';
import { makeOfflineQr } from '../../../../rig/life/credential/offline-qr.ts';
import { presenceQrText } from '../../../../rig/life/credential/presence-qr.ts';
import { qrPng } from '../../../../rig/life/credential/qr-picture.ts';
import { packStatuses } from '../../../../rig/life/credential/status-list.ts';
import { signStatusListCwt } from '../../../../rig/life/credential/status-list-cwt.ts';
import { signStatusListJwt } from '../../../../rig/life/credential/status-list-jwt.ts';
import { systemRandom } from '../../../../src/hal/system/random.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { crypto, holder, ISSUER, innerCwt, issuer, type KeyPair, keyPair } from '../credential/card.ts';

const SECRETS = ['ADRENE', 'ZOÉ', '19750110', '1975-01-10', '2750175941123'];
const now = (): number => Math.floor(Date.now() / 1000);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-scan-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What the server answers, by path; a path that is missing never gets an answer. */
const answers = new Map<string, Uint8Array | string>();
let server: Server;
let origin: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = answers.get(request.url ?? '');
    if (answer !== undefined) response.end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.closeAllConnections());

const uri = (): string => `${origin}/v1/status/token-list`;

async function code(): Promise<string> {
  const inner = innerCwt({ issuedAt: now() - 3600, expires: now() + 3600, status: { uri: uri(), index: 7 } });
  const tokenId = new Uint8Array(16);
  systemRandom.fill(tokenId, 0, 16);
  return makeOfflineQr({ innerCwt: await inner, now: now(), tokenId }, holder.sign, crypto);
}

const trust = (): string =>
  JSON.stringify({ issuer: ISSUER, keys: [{ ...pointToJwk(issuer.publicKey), kid: 'x' }], statusList: uri() });

const listOf = (ageSeconds: number, revoked: readonly number[] = []) => ({
  uri: uri(),
  issuedAt: now() - ageSeconds,
  expires: now() - ageSeconds + 86_400,
  timeToLive: 60,
  statuses: packStatuses(
    100,
    1,
    revoked.map((index) => [index, 1] as const),
  ),
});

const cwt = (ageSeconds: number, revoked: readonly number[] = [], signer: KeyPair = issuer): Promise<Uint8Array> =>
  signStatusListCwt(listOf(ageSeconds, revoked), signer, crypto);

function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

interface Scanned {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
  readonly failure: CounterFailure | null;
}

async function scan(text: string, change: Partial<CounterScanOptions> = {}, json = true): Promise<Scanned> {
  const io = fakeIo({ json });
  const options: CounterScanOptions = {
    ...{ image: null, keys: null, counter: join(folder, 'counter'), rightsOn: null, show: false, timeoutMs: 20_000 },
    ...{ trust: null, statusList: null, issuer: null, offline: false, acceptUnchecked: false, mostListSeconds: null },
    ...change,
  };
  try {
    const exit = await counterScan(options, io, Readable.from([text]));
    return { exit, out: io.out.join(''), err: io.err.join(''), failure: null };
  } catch (error) {
    const { sentences, exitCode } = describeFailure(error);
    const failure = error instanceof CounterFailure ? error : null;
    return { exit: exitCode, out: io.out.join(''), err: io.err.join('') + sentences.join('\n'), failure };
  }
}

describe('counter scan of an offline code', { timeout: 30_000 }, () => {
  it.each(['CWT', 'JWT'])('without a network goes by a trust list and a %s in files', async (form) => {
    const list = form === 'CWT' ? await cwt(10) : await signStatusListJwt(listOf(10), issuer, crypto);
    const files = { trust: file('trust.json', trust()), statusList: file('list', list), offline: true };
    const { exit, out, err } = await scan(`${await code()}\r\n`, files);
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    const reading = READING.parse(JSON.parse(out));
    expect(reading.activation).toMatchObject({ state: 'active', list: { from: 'file', stale: false } });
    expect(reading.activation.list?.ageSeconds).toBeGreaterThanOrEqual(10);
    for (const secret of SECRETS) expect(out).not.toContain(secret);
    const shown = await scan(await code(), { ...files, show: true }, false);
    expect(shown.out).toContain('ZOÉ ADRENE');
  });

  it('is read from a picture', async () => {
    const image = file('qr.png', qrPng(await code()));
    const files = { trust: file('trust.json', trust()), statusList: file('list', await cwt(10)), offline: true };
    expect(await scan('', { ...files, image })).toMatchObject({ exit: 0, err: '' });
    const none = await scan('', { ...files, image: file('none.png', 'no picture') });
    expect(none).toMatchObject({ exit: 2, failure: { code: 'picture-unreadable' } });
    expect(none.err).toBe(`${join(folder, 'none.png')}: the file is neither a PNG nor a JPEG picture`);
  });

  it('asks the issuer for keys and list, keeps them, and without a network says how old they are', async () => {
    answers.set('/v1/trust', trust());
    answers.set('/v1/status/token-list', await cwt(0));
    const online = await scan(await code(), { issuer: origin });
    expect({ exit: online.exit, err: online.err }).toEqual({ exit: 0, err: '' });
    expect(READING.parse(JSON.parse(online.out)).activation.list?.from).toBe('issuer');
    const offline = await scan(await code(), { offline: true });
    expect(READING.parse(JSON.parse(offline.out)).activation.list?.from).toBe('cache');
    expect(offline.err).toMatch(/^the issuer’s keys are those that were kept here \d+ s ago\n$/);

    answers.clear();
    const silent = await scan(await code(), { issuer: origin, timeoutMs: 300 });
    expect(silent.exit).toBe(0);
    expect(silent.err).toContain(`the issuer’s keys were not asked for anew: ${origin} did not answer within 0.3 s\n`);
    expect(silent.err).toContain(`the list of states was not asked for anew: ${origin} did not answer within 0.3 s\n`);
  });

  it('goes by the newest list, and says how stale it is', async () => {
    answers.set('/v1/trust', trust());
    answers.set('/v1/status/token-list', await cwt(200, [7]));
    const revoked = await scan(await code(), { issuer: origin });
    expect(revoked).toMatchObject({ exit: 1, out: '', failure: { reason: 'revoked' } });
    expect(revoked.err).toMatch(/^the card is revoked, by the issuer’s list, \d min old \(STALE\)$/);
    const newer = await scan(await code(), { offline: true, statusList: file('list', await cwt(100)) });
    expect(newer.exit).toBe(0);
    expect(newer.err).toMatch(/the list of states is stale: it is 10\d s old, and is good for 60 s/);
    const limit = await scan(await code(), {
      offline: true,
      statusList: file('list', await cwt(30)),
      mostListSeconds: 20,
    });
    expect(READING.parse(JSON.parse(limit.out)).activation.list?.stale).toBe(true);
  });

  it('does not go by a list that somebody else signed, or that is another list', async () => {
    const files = { trust: file('trust.json', trust()), offline: true };
    const forged = await scan(await code(), { ...files, statusList: file('list', await cwt(10, [], keyPair(5))) });
    expect(forged).toMatchObject({ exit: 1, out: '', failure: { code: 'activation-unknown' } });
    expect(forged.err).toContain('is not believed: the status list was altered, or a key that is not trusted here');
    const other = { ...listOf(10), uri: `${origin}/other` };
    const wrong = file('list', await signStatusListCwt(other, issuer, crypto));
    expect((await scan(await code(), { ...files, statusList: wrong })).failure?.code).toBe('activation-unknown');
    const told = await scan(await code(), { ...files, statusList: wrong, acceptUnchecked: true });
    expect(READING.parse(JSON.parse(told.out)).activation).toEqual({ state: 'not checked', list: null });
  });

  it('is not believed where no keys are known, or by a file that is no trust list', async () => {
    expect((await scan(await code(), { offline: true })).failure).toMatchObject({ code: 'no-trust', exitCode: 2 });
    for (const text of ['', '{}', '[]', trust().replace('"P-256"', '"P-384"')]) {
      const { failure } = await scan(await code(), { trust: file('trust.json', text) });
      expect(failure?.code).toBe('trust-unreadable');
      expect(failure?.message).toMatch(/trust\.json: no trust list: /);
    }
    expect(readdirSync(folder)).toEqual(['trust.json']);
  });
});

describe('counter scan of a presence', { timeout: 30_000 }, () => {
  const presence = presenceQrText('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567');

  it.each([
    ['no issuer', {}, 'no-issuer', 2],
    ['no keys', { issuer: 'http://127.0.0.1:9' }, 'no-signing-keys', 2],
    ['an issuer that is down', { issuer: 'http://127.0.0.1:9', keys: 'test' }, 'issuer-silent', 2],
  ])('with %s is not resolved', async (_, change, reason, exit) => {
    expect(await scan(presence, change)).toMatchObject({ exit, out: '', failure: { code: reason } });
  });

  it('of an issuer that does not answer in time may be scanned again, under the same identifier', async () => {
    answers.clear();
    const { err } = await scan(presence, { issuer: origin, keys: 'test', timeoutMs: 300 });
    expect(err).toBe(
      `the issuer gives no answer: ${origin} did not answer within 0.3 s; whether it carried the request out is not known`,
    );
    const [request] = readdirSync(join(folder, 'counter', 'requests'));
    const kept = readFileSync(join(folder, 'counter', 'requests', request as string), 'utf8');
    await scan(presence, { issuer: origin, keys: 'test' });
    expect(readFileSync(join(folder, 'counter', 'requests', request as string), 'utf8')).toBe(kept);
    expect(kept).not.toContain('ABCDEFGH');
  });
});

describe('what a scanner types', () => {
  it.each([
    ['', 2, 'nothing was scanned: standard input ended before a line came'],
    ['\r\n\r\n', 2, 'nothing was scanned: standard input ended before a line came'],
    [`${'A'.repeat(2000)}\n`, 2, 'the line is longer than 1264 characters, which no code of ours is'],
    ['https://example.org/x\n', 1, 'the QR code is of another kind (it begins with neither VT1: nor VP1:)'],
    [
      'VT1:NOT BASE45 AT ALL\n',
      2,
      'an offline code is believed by the keys of its issuer, and none are known here: --trust FILE, or --issuer URL once while the network is up',
    ],
    ['VP1:short\n', 1, 'the QR code is damaged or not one of ours (the presence is too short)'],
  ])('%j is refused with one sentence', async (text, exit, sentence) => {
    expect(await scan(text)).toMatchObject({ exit, out: '', err: sentence });
  });

  it('on another keyboard is put right, and said', async () => {
    const { err } = await scan(`]Q1${presenceQrText('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567').toLowerCase()}\n`);
    expect(err).toMatch(/^what the scanner typed was put right: symbology identifier\n.*lower case\nwhich issuer\?/);
  });
});
