import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CounterFolder } from '../../../../rig/life/counter/counter-folder.ts';
import { ClaimQueue, type QueuedClaim } from '../../../../rig/life/counter/queue.ts';
import { FileLock } from '../../../../src/hal/nvm/file-lock.ts';
import { CLAIM, type Fault, IssuerDouble } from './issuer-double.ts';

let path: string;
let issuer: IssuerDouble;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'vitap-queue-'));
  issuer = new IssuerDouble();
});
afterEach(() => rmSync(path, { recursive: true }));

const NOW = new Date('2026-11-29T12:00:00Z');
/** A queue as a process that starts now finds it. */
const queue = (): ClaimQueue => new ClaimQueue(new CounterFolder(path));
const requestId = (number: number): string => `request-identifier-${number}`;

function add(number: number): void {
  queue().add(
    {
      requestId: requestId(number),
      issuer: 'http://127.0.0.1:1',
      claim: { ...CLAIM, number: `${number}`.padStart(9, '0') },
      proof: { kind: 'offline QR', tokenId: `${number}`.padStart(32, '0'), text: 'VT1:TEXT' },
    },
    new Date(NOW.getTime() + number),
  );
}

function send(only: string | null = null): Promise<QueuedClaim[]> {
  return queue().send(() => issuer, { only, now: () => NOW, signal: new AbortController().signal });
}

const states = (): unknown[] =>
  queue()
    .all()
    .map(({ state, attempts }) => [state, attempts]);

describe('the queue of claims', () => {
  it('keeps a claim on disk before it is sent, for its owner alone, and sends it once', async () => {
    add(1);
    expect(states()).toEqual([['waiting', 0]]);
    const file = join(path, 'queue', `${requestId(1)}.json`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await send()).map(({ state }) => state)).toEqual(['sent']);
    expect(await send()).toEqual([]);
    expect(issuer.asked).toEqual([requestId(1)]);
    expect(queue().all()[0]?.sentAt).toBe(NOW.toISOString());
  });

  it.each<Fault>(['killed before', 'killed after'])(
    'is sent again under the same identifier after a process was %s the issuer had it',
    async (fault) => {
      add(1);
      issuer.fault = fault;
      await expect(send()).rejects.toThrow('killed');
      expect(states()).toEqual([['waiting', 1]]);
      issuer.fault = null;
      expect((await send()).map(({ state, attempts }) => [state, attempts])).toEqual([['sent', 2]]);
      expect(issuer.asked).toEqual([requestId(1), requestId(1)]);
      expect(issuer.claims.size).toBe(1);
    },
  );

  it.each<[Fault, number]>([
    ['unreachable', 0],
    ['answer lost', 1],
  ])('says why one was not sent when the issuer is %s, and goes on with the others', async (fault, arrived) => {
    add(1);
    add(2);
    issuer.fault = fault;
    const tried = await send();
    expect(tried.map(({ state, problem }) => [state, problem?.code])).toEqual([
      ['waiting', 'issuer-silent'],
      ['waiting', 'issuer-silent'],
    ]);
    expect(tried[0]?.problem?.sentence).toMatch(/^the issuer gives no answer: it /);
    expect(issuer.claims.size).toBe(2 * arrived);
    issuer.fault = null;
    await send();
    expect(states()).toEqual([
      ['sent', 2],
      ['sent', 2],
    ]);
    expect(issuer.claims.size).toBe(2);
  });

  it('gives up what the issuer will never take, and waits with what it may take later', async () => {
    add(1);
    issuer.refusal = { code: 'terminal-expired', sentence: 'a certificate is not valid today', isFinal: false };
    expect((await send())[0]).toMatchObject({ state: 'waiting', problem: { code: 'terminal-expired' } });
    issuer.refusal = {
      code: 'offline-used',
      sentence: 'a claim was sent with this offline code already',
      isFinal: true,
    };
    expect((await send())[0]).toMatchObject({ state: 'refused', problem: { code: 'offline-used' } });
    issuer.refusal = null;
    expect(await send()).toEqual([]);
  });

  it('sends oldest first, one alone when one is named, and waits for no second process', async () => {
    for (const number of [3, 1, 2]) add(number);
    await send(requestId(2));
    await send();
    expect(issuer.asked).toEqual([2, 1, 3].map(requestId));
    add(4);
    const lock = FileLock.acquire(join(path, 'queue'));
    await expect(send()).rejects.toThrow('is in use');
    lock.release();
    expect(states().at(-1)).toEqual(['waiting', 0]);
  });

  it('names a file that it did not write, leaves it, and goes on with the others', async () => {
    for (const number of [1, 2]) add(number);
    const file = join(path, 'queue', `${requestId(1)}.json`);
    const document = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    for (const text of ['', '{', JSON.stringify({ ...document, diagnosis: 'x' })]) {
      writeFileSync(file, text);
      expect(queue().damaged()).toEqual([file]);
      expect(states()).toEqual([['waiting', 0]]);
    }
    expect((await send()).map((each) => [each.requestId, each.state])).toEqual([[requestId(2), 'sent']]);
    expect(readdirSync(join(path, 'queue'))).toEqual([`${requestId(1)}.json`, `${requestId(2)}.json`]);
  });
});
