import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { statusAt } from '../../../../../rig/life/credential/status-list.ts';
import { verifyStatusListCwt } from '../../../../../rig/life/credential/status-list-cwt.ts';
import { verifyStatusListJwt } from '../../../../../rig/life/credential/status-list-jwt.ts';
import { activationFacts } from '../../../../../rig/life/issuer/activation.ts';
import { verifyAudit } from '../../../../../rig/life/issuer/audit.ts';
import { device } from '../../signers.ts';
import { ADRUN, CLAIM, NOW } from '../people.ts';
import {
  activate,
  cardOf,
  carry,
  crypto,
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
}, 120_000);
afterAll(() => registry?.remove());
afterEach(() => issuer?.close());

const refused = (code: string) => ({ name: 'IssuerRefused', code });

it('the whole story: activate, present, claim, see it, a new phone, the old one ends', async () => {
  issuer = await issuerInTest(registry);
  const a = await activate(issuer, 'story a', TICKETS.zoe);
  expect(await a.link.standing()).toMatchObject({ state: 'active', number: 1, since: NOW });

  const { presence, expiresAt } = await a.link.presence(['beneficiaries', 'rights']);
  expect(expiresAt).toBe(NOW + 60_000);
  const counter = issuer.professional();
  const resolved = await counter.resolve(presence);
  expect(resolved.data.beneficiaries?.map(({ firstName }) => firstName)).toEqual([
    'ZOÉ',
    'PIERRE-ALAIN',
    'MICHELANGELO',
  ]);
  expect([resolved.data.insured, resolved.data.affiliation, resolved.data.invoices]).toEqual([null, null, null]);

  const claimed = await counter.claim(resolved.context, CLAIM);
  expect((await a.link.claims()).map(({ id, invoice }) => [id, invoice.number])).toEqual([[claimed.id, CLAIM.number]]);

  const b = await activate(issuer, 'story b', TICKETS.zoe, '999000000002');
  expect(await b.link.standing()).toMatchObject({ state: 'active', number: 2 });
  expect(await a.link.standing()).toMatchObject({ state: 'revoked', why: 'replaced', wipe: 'queued' });
  await expect(a.link.presence(['insured'])).rejects.toMatchObject(refused('card-revoked'));
  await a.link.wiped();
  expect(await a.link.standing()).toMatchObject({ state: 'revoked', wipe: 'done' });

  for (const [phone, status] of [
    [a, 1],
    [b, 0],
  ] as const) {
    const facts = await activationFacts(registry.store, phone.activationId);
    expect(await statusBy(facts?.statusIndex as number)).toEqual([status, status]);
  }
  expect((await verifyAudit(registry.store.sql)).fault).toBeNull();
  expect(issuer.faults).toEqual([]);
}, 120_000);

/** By the JWT and by the CWT. */
async function statusBy(index: number): Promise<number[]> {
  const url = `${issuer.origin}/v1/status/token-list`;
  const expected = {
    uri: issuer.http.names.statusList,
    signers: [issuer.http.signer.publicKey],
    now: NOW / 1000,
    crypto,
  };
  const [jwt, cwt] = [await fetch(url), await fetch(url, { headers: { accept: 'application/statuslist+cwt' } })];
  expect(jwt.headers.get('content-type')).toBe('application/statuslist+jwt');
  expect(cwt.headers.get('content-type')).toBe('application/statuslist+cwt');
  const lists = [
    verifyStatusListJwt(await jwt.text(), expected),
    verifyStatusListCwt(new Uint8Array(await cwt.arrayBuffer()), expected),
  ];
  return lists.map(({ statuses }) => statusAt(statuses, index));
}

it('the operator lists activations without a name, and lets a phone ask for its credential again', async () => {
  issuer = await issuerInTest(registry);
  const { link, activationId } = await activate(issuer, 'asks again', TICKETS.lea, '999000000009');
  const { json } = await issuer.operate('GET', '/v1/operator/activations');
  const [newest] = json.activations as Record<string, unknown>[];
  expect(newest).toEqual({ id: activationId, number: 1, state: 'active', since: NOW, reason: null, wipe: null });
  expect((await issuer.operate('POST', `/v1/operator/activations/${activationId}/offer`)).json).toEqual({ until: NOW });
  expect((await fetch(`${issuer.origin}/v1/operator/activations`)).status).toBe(401);
  expect(await link.credentialOffer()).toBe(`openid-credential-offer://?for=${activationId}`);
  await expect(issuer.phone(device('nobody')).credentialOffer()).rejects.toMatchObject(refused('device-unknown'));
});

it('nothing personal is in the log: a whole story of it is searched', async () => {
  issuer = await issuerInTest(registry);
  const c = await activate(issuer, 'log c', TICKETS.lea, '999000000003');
  const { presence } = await c.link.presence(['insured', 'beneficiaries']);
  const { context } = await issuer.professional().resolve(presence);
  await issuer.professional().renew(context);
  await issuer.professional().destroy(context);
  await expect(issuer.professional().resolve(presence)).rejects.toMatchObject(refused('presence-used'));
  const log = issuer.lines.join('\n');
  expect(issuer.lines.length).toBeGreaterThan(10);
  const secrets = [presence, context.token, context.id, issuer.server.secret, TICKETS.lea, c.activationId, '500540'];
  const people = ADRUN.beneficiaries.flatMap(({ usualName, firstName, certifiedNir }) => [
    usualName,
    firstName,
    certifiedNir?.nir ?? '',
  ]);
  for (const text of [...secrets, ...people, 'ŒUVRÉ', '2751263220750']) {
    for (const form of [text, Buffer.from(text).toString('hex'), Buffer.from(text).toString('base64url')]) {
      expect(log).not.toContain(form);
    }
  }
}, 60_000);

it('an answer that was lost is asked for again by the same identifier; another signer or identifier is refused', async () => {
  issuer = await issuerInTest(registry);
  const d = await activate(issuer, 'lost d', TICKETS.zoe, '999000000004');
  const { presence } = await d.link.presence(['affiliation']);
  const counter = issuer.professional();
  const id = counter.newRequestId();
  const first = await counter.resolve(presence, id);
  expect(await counter.resolve(presence, id)).toEqual(first);
  await expect(counter.resolve(presence)).rejects.toMatchObject(refused('presence-used'));
  await expect(
    issuer.professional({ names: { terminal: 'FRLABAT00002' } }).resolve(presence, id),
  ).rejects.toMatchObject(refused('presence-used'));
  const claimId = counter.newRequestId();
  const claim = { ...CLAIM, number: '000000109' };
  const claimed = await counter.claim(first.context, claim, claimId);
  expect(await counter.claim(first.context, claim, claimId)).toEqual(claimed);
  await expect(counter.claim(first.context, { ...claim, total: 3001, amo: 1901 }, claimId)).rejects.toMatchObject(
    refused('request-replayed'),
  );
}, 60_000);

it('a restart in the middle of an activation: the phone goes on', async () => {
  issuer = await issuerInTest(registry);
  const [signer, holder] = [device('restart e'), device('restart e holder')];
  const card = cardOf(signer, holder);
  const { activationId } = await issuer
    .phone(signer)
    .begin({ ticket: TICKETS.zoe, can: '500540', cardSerial: '999000000005' });
  const turn = await issuer.phone(signer).relay(activationId, 'personalisation', null, null);
  await issuer.close();
  await registry.reopen();

  issuer = await issuerInTest(registry);
  const link = issuer.phone(signer);
  await expect(link.relay(activationId, 'personalisation', turn.relay, Uint8Array.of(0x90, 0))).rejects.toMatchObject(
    refused('relay-unknown'),
  );
  expect(await carry(link, activationId, 'personalisation', card)).toBe(2);
  await issuer.close();
  await registry.reopen();

  issuer = await issuerInTest(registry);
  await issuer.phone(signer).commit(activationId, holder.publicKey);
  await issuer.close();
  await registry.reopen();

  issuer = await issuerInTest(registry);
  expect(await carry(issuer.phone(signer), activationId, 'operation', card)).toBe(1);
  expect(await issuer.phone(signer).standing()).toMatchObject({ state: 'active', activationId });
}, 120_000);
