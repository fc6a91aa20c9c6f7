import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PhoneLink } from '../../../../../rig/life/api/phone-link.ts';
import { verifyAudit } from '../../../../../rig/life/issuer/audit.ts';
import { FAULT_NAMES, FAULTS, type FaultName, Faults, readFault } from '../../../../../rig/life/issuer/http/faults.ts';
import { device } from '../../signers.ts';
import { CLAIM, NOW } from '../people.ts';
import {
  activate,
  type IssuerInTest,
  issuerInTest,
  type TestRegistry,
  TICKETS,
  testRegistry,
} from './issuer-in-test.ts';

let registry: TestRegistry;
let issuer: IssuerInTest;
beforeAll(async () => {
  registry = await testRegistry();
  issuer = await issuerInTest(registry);
  await activate(issuer, 'phone', TICKETS.zoe);
  await issuer.close();
}, 120_000);
afterAll(() => registry?.remove());
afterEach(() => issuer?.close());

const phone = (): PhoneLink => issuer.phone(device('phone'));
const refused = (code: string) => ({ name: 'IssuerRefused', code });
const presence = async (): Promise<string> => (await phone().presence(['insured'])).presence;

/** What the other side sees of each fault: a row of the table without a test here does not compile. */
const SEEN: Readonly<Record<FaultName, () => Promise<void>>> = {
  'server-timeout': async () => {
    issuer = await issuerInTest(registry, { faults: ['server-timeout=3000x1'], timeoutMs: 1500 });
    const counter = issuer.professional();
    // The phone's request is the one that is kept back: its presence was minted all the same.
    await expect(phone().presence(['insured'])).rejects.toMatchObject({ name: 'IssuerUnreachable' });
    await issuer.operate('PUT', '/v1/operator/faults/server-timeout', { value: 3000, times: 1 });
    issuer.http.faults.cancel('server-timeout');
    const shown = await presence();
    await issuer.operate('PUT', '/v1/operator/faults/server-timeout', { value: 3000, times: 1 });
    const id = counter.newRequestId();
    await expect(counter.resolve(shown, id)).rejects.toMatchObject({
      name: 'IssuerUnreachable',
      message: `${issuer.origin} did not answer within 1.5 s; whether it carried the request out is not known`,
    });
    const again = issuer.professional();
    expect((await again.resolve(shown, id)).data.insured?.nir).toBe('2751263220749');
  },
  'context-expired': async () => {
    issuer = await issuerInTest(registry, { faults: ['context-expired'] });
    const counter = issuer.professional();
    const { context } = await counter.resolve(await presence());
    const claim = { ...CLAIM, number: '000000201' };
    await expect(counter.claim(context, claim)).rejects.toMatchObject(refused('context-expired'));
    issuer.http.faults.cancel('context-expired');
    expect((await counter.claim(context, claim)).receivedAt).toBe(NOW);
  },
  'token-replayed': async () => {
    issuer = await issuerInTest(registry, { faults: ['token-replayed'] });
    await expect(issuer.professional().resolve(await presence())).rejects.toMatchObject(refused('presence-used'));
    const lines: string[] = [];
    await verifyAudit(registry.store.sql, new Map(), ({ kind, details }) => lines.push(`${kind} ${details.code}`));
    expect(lines.at(-1)).toBe('refused presence-used');
  },
  'two-readers': async () => {
    issuer = await issuerInTest(registry, { faults: ['two-readers'] });
    for (let i = 0; i < 12; i++) {
      const shown = await presence();
      const won = await issuer
        .professional()
        .resolve(shown)
        .then(
          () => true,
          (error: { code: string }) => {
            expect(error.code).toBe('presence-used');
            return false;
          },
        );
      const rows = await registry.store.sql.query<{ signer: string }>(
        'select signer from contexts order by opened_at desc, presence_id desc limit 1',
      );
      expect(rows[0]?.signer).toBe(won ? 'FRLABAT00001' : 'FRFAULT00001');
    }
    const [both] = await registry.store.sql.query<{ count: number }>(
      'select coalesce(max(n), 0)::int as count from (select count(*) as n from contexts group by presence_id) each',
    );
    expect(both?.count).toBe(1);
  },
  'stale-clock': async () => {
    issuer = await issuerInTest(registry, { faults: ['stale-clock'] });
    const clock = { ...refused('clock-wrong'), message: expect.stringContaining("86400 s behind the issuer's") };
    await expect(phone().standing()).rejects.toMatchObject(clock);
    await expect(issuer.professional().resolve('A'.repeat(32))).rejects.toMatchObject(clock);
  },
  'list-unreachable': async () => {
    issuer = await issuerInTest(registry, { faults: ['list-unreachable'] });
    const answer = await fetch(`${issuer.origin}/v1/status/token-list`);
    expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([503, 'list-unreachable']);
  },
  'slow-phone': async () => {
    issuer = await issuerInTest(registry, { faults: ['slow-phone'] });
    await expect(issuer.professional().resolve(await presence())).rejects.toMatchObject(refused('presence-expired'));
  },
};

it.each(FAULT_NAMES)('%s', (name) => SEEN[name](), 60_000);

describe('how a fault is ordered', () => {
  it.each([
    ['two-readers', { name: 'two-readers', value: 0, times: null }],
    ['stale-clock', { name: 'stale-clock', value: 86_400, times: null }],
    ['stale-clock=90', { name: 'stale-clock', value: 90, times: null }],
    ['server-timeout=500x2', { name: 'server-timeout', value: 500, times: 2 }],
    ['token-replayedx1', { name: 'token-replayed', value: 0, times: 1 }],
  ])('%s', (text, fault) => {
    expect(readFault(text)).toEqual(fault);
  });

  it.each([
    ['slow', 'there is no fault "slow"; there are: server-timeout, '],
    ['two-readers=3', 'the fault two-readers takes no value'],
    ['stale-clock=-1', '"stale-clock=-1" orders no fault: it is stale-clock or stale-clock=NUMBER'],
    ['stale-clock=1x0', 'the fault stale-clock happens at least once'],
    ['toString', 'there is no fault "toString"'],
  ])('%s is refused', (text, words) => {
    expect(() => readFault(text)).toThrow(words);
  });

  it('as often as it was ordered, and no more', () => {
    const faults = new Faults([readFault('stale-clock=5x2')]);
    expect([1, 2, 3].map(() => faults.take('stale-clock'))).toEqual([5, 5, null]);
    expect(faults.list()).toEqual([]);
  });

  it('by the operator, and by nobody else', async () => {
    issuer = await issuerInTest(registry);
    const answer = await fetch(`${issuer.origin}/v1/operator/faults/two-readers`, { method: 'DELETE' });
    expect(answer.status).toBe(401);
    const { json } = await issuer.operate('PUT', '/v1/operator/faults/stale-clock', { value: 7, times: 3 });
    expect(json).toEqual({ faults: [{ name: 'stale-clock', value: 7, times: 3 }] });
    expect((await issuer.operate('DELETE', '/v1/operator/faults/stale-clock')).json).toEqual({ faults: [] });
    expect((await issuer.operate('PUT', '/v1/operator/faults/two-readers', { value: 7 })).status).toBe(400);
    expect((await issuer.operate('PUT', '/v1/operator/faults/none', {})).status).toBe(400);
  });
});

it('every row says what it does and what the other side must show', () => {
  for (const name of FAULT_NAMES) expect(Object.keys(FAULTS[name])).toEqual(['value', 'does', 'shows']);
});
