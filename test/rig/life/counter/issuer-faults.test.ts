import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PhoneLink } from '../../../../rig/life/api/phone-link.ts';
import { CounterFolder } from '../../../../rig/life/counter/counter-folder.ts';
import { CounterFailure } from '../../../../rig/life/counter/failures.ts';
import { FollowUps } from '../../../../rig/life/counter/follow-ups.ts';
import type { CounterIssuer } from '../../../../rig/life/counter/issuer.ts';
import { issuerOf } from '../../../../rig/life/counter/issuer-link.ts';
import { ClaimQueue, type QueuedClaim } from '../../../../rig/life/counter/queue.ts';
import type { CounterReading } from '../../../../rig/life/counter/reading.ts';
import { newRequestId, readingOfPresence } from '../../../../rig/life/counter/resolve-presence.ts';
import { FAULT_NAMES, type FaultName } from '../../../../rig/life/issuer/http/faults.ts';
import {
  activate,
  type IssuerInTest,
  issuerInTest,
  type TestRegistry,
  TICKETS,
  testRegistry,
} from '../issuer/http/issuer-in-test.ts';
import { NOW } from '../issuer/people.ts';
import { CLAIM as LATER_CLAIM } from './issuer-double.ts';

let registry: TestRegistry;
let phone: PhoneLink;
let folder: CounterFolder;
const running: IssuerInTest[] = [];
beforeAll(async () => {
  registry = await testRegistry();
  const issuer = await started();
  ({ link: phone } = await activate(issuer, 'phone a', TICKETS.zoe));
}, 60_000);
afterAll(async () => {
  for (const issuer of running) await issuer.close();
  await registry.remove();
}, 60_000);
beforeEach(() => {
  folder = new CounterFolder(mkdtempSync(join(tmpdir(), 'vitap-counter-faults-')));
});
afterEach(() => rmSync(folder.path, { recursive: true }));

/** An issuer over the same registry, with these faults. */
async function started(faults: readonly string[] = [], timeoutMs = 20_000): Promise<IssuerInTest> {
  const issuer = await issuerInTest(registry, { faults, timeoutMs });
  running.push(issuer);
  return issuer;
}

/** Of the day of the issuer's clock. */
const CLAIM = { ...LATER_CLAIM, date: '20251125' };
const time = { at: new Date(NOW), rightsOn: '20261129' };
const mint = async (): Promise<string> => (await phone.presence(['insured', 'beneficiaries', 'rights'])).presence;
const read = (presence: string, issuer: CounterIssuer): Promise<CounterReading> =>
  readingOfPresence(presence, 'presence QR', issuer, 'http://issuer.test', folder, time);

async function failure(asked: Promise<unknown>): Promise<CounterFailure> {
  const error = await asked.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof CounterFailure) return error;
  throw error ?? new Error('it was not refused');
}

/** Queues a claim after the newest reading, and sends it. */
async function claim(issuer: CounterIssuer, number: string): Promise<QueuedClaim> {
  const { proof, issuer: url } = new FollowUps(folder).find('last');
  const queue = new ClaimQueue(folder);
  const entry = { requestId: newRequestId(), issuer: url, claim: { ...CLAIM, number }, proof };
  const { requestId } = queue.add(entry, new Date(NOW));
  const order = { only: requestId, now: () => new Date(NOW), signal: new AbortController().signal };
  return (await queue.send(() => issuer, order))[0] as QueuedClaim;
}

describe('a counter at the issuer over HTTP', { timeout: 60_000 }, () => {
  it('resolves a presence, and the claim after it shows up on the phone', async () => {
    const issuer = issuerOf((await started()).professional());
    const reading = await read(await mint(), issuer);
    expect(reading.people.map(({ firstName, open }) => [firstName, open])).toContainEqual(['ZOÉ', true]);
    expect(await claim(issuer, '000000001')).toMatchObject({ state: 'sent', attempts: 1 });
    expect((await phone.claims()).map(({ invoice }) => invoice.number)).toEqual(['000000001']);
  });

  it('is refused with another claim under a number of this professional, and for nobody of the card', async () => {
    const issuer = issuerOf((await started()).professional());
    await read(await mint(), issuer);
    await claim(issuer, '000000002');
    const { proof } = new FollowUps(folder).find('last');
    if (proof.kind !== 'context') throw new Error('no context');
    const context = { id: proof.contextId, token: proof.token };
    const other = { ...CLAIM, number: '000000002', total: 2000, amo: 900 };
    expect(await failure(issuer.claimByContext(context, other, newRequestId()))).toMatchObject({
      reason: 'claim-duplicate',
      isFinal: true,
      exitCode: 1,
    });
    const nobody = { ...CLAIM, number: '000000003', beneficiaryIndex: 200 };
    expect(await failure(issuer.claimByContext(context, nobody, newRequestId()))).toMatchObject({
      reason: 'claim-beneficiary',
      isFinal: true,
    });
  });

  it.each([
    ['self-made', { label: 'another' }, 'terminal-unknown'],
    ['expired', { terminal: { from: 200101, to: 201231 } }, 'terminal-expired'],
    ['without the right', { rights: ['read DG8'] }, 'terminal-lacks-right'],
  ])('with a certificate that is %s learns nothing', async (_, order, reason) => {
    const issuer = issuerOf((await started()).professional(order));
    expect(await failure(read(await mint(), issuer))).toMatchObject({ code: 'issuer-refuses', reason, exitCode: 1 });
    expect(() => new FollowUps(folder).find('last')).toThrow('no reading here');
  });

  /** What the counter shows for each fault that can be ordered; the compiler asks for every one. */
  const SHOWN: Readonly<Record<FaultName, (issuer: IssuerInTest) => Promise<void>>> = {
    'server-timeout': async (slow) => {
      const presence = await mint();
      const silent = await failure(read(presence, issuerOf(slow.professional())));
      expect(silent).toMatchObject({ code: 'issuer-silent', exitCode: 2 });
      // The same scan again is the same request: it gets the answer that was lost.
      expect((await read(presence, issuerOf((await started()).professional()))).people.length).toBeGreaterThan(0);
    },
    'context-expired': async (issuer) => {
      await read(await mint(), issuerOf(issuer.professional()));
      const sent = await claim(issuerOf(issuer.professional()), '000000010');
      expect(sent).toMatchObject({ state: 'refused', problem: { code: 'context-expired' } });
      expect(sent.claim.number).toBe('000000010');
    },
    'token-replayed': async (issuer) => {
      const error = await failure(read(await mint(), issuerOf(issuer.professional())));
      expect(error).toMatchObject({ code: 'issuer-refuses', reason: 'presence-used', exitCode: 1 });
      expect(error.message).toMatch(/^the issuer refuses: this presence was used already/);
    },
    'two-readers': async (issuer) => {
      const [asked] = await Promise.allSettled([read(await mint(), issuerOf(issuer.professional()))]);
      if (asked.status === 'fulfilled') expect(asked.value.people.length).toBeGreaterThan(0);
      else expect(asked.reason).toMatchObject({ code: 'issuer-refuses', reason: 'presence-used' });
    },
    'stale-clock': async (issuer) => {
      const error = await failure(read(await mint(), issuerOf(issuer.professional())));
      expect(error).toMatchObject({ code: 'issuer-refuses', reason: 'clock-wrong', isFinal: false });
      expect(error.message).toMatch(/86400 s behind the issuer's/);
    },
    'list-unreachable': async (issuer) => {
      const { fetchBytes } = await import('../../../../rig/life/counter/fetch-bytes.ts');
      const world = { signal: new AbortController().signal, timeoutMs: 5000 };
      const list = `${issuer.origin}/v1/status/token-list`;
      expect(await fetchBytes(list, 'application/statuslist+cwt', 1000, world)).toEqual({
        problem: expect.stringMatching(/answered 503$/),
      });
    },
    'slow-phone': async (issuer) => {
      // Its phone asks where presences are made late.
      const { presence } = await issuer.phone().presence(['beneficiaries']);
      const error = await failure(read(presence, issuerOf(issuer.professional())));
      expect(error).toMatchObject({ code: 'issuer-refuses', reason: 'presence-expired', exitCode: 1 });
    },
  };

  it.each(FAULT_NAMES)('shows the fault %s as its table says', async (name) => {
    // Mint at an issuer without faults: these are the counter's.
    const order = name === 'server-timeout' ? [`${name}=3000`] : [name];
    await SHOWN[name](await started(order, 500));
  });
});
