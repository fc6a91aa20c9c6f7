import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deviceAuthorization } from '../../../../../rig/life/api/device-request.ts';
import { terminalRequest } from '../../../../../rig/life/api/terminal-request.ts';
import { makeOfflineQr } from '../../../../../rig/life/credential/offline-qr.ts';
import { activationFacts } from '../../../../../rig/life/issuer/activation.ts';
import { verifyAudit } from '../../../../../rig/life/issuer/audit.ts';
import { INTERFACE_REFUSALS, REQUEST_REFUSALS } from '../../../../../rig/life/issuer/http/request-refusals.ts';
import { REFUSALS } from '../../../../../rig/life/issuer/refusals.ts';
import { WEB_REFUSALS } from '../../../../../rig/web/refusal.ts';
import { systemRandom } from '../../../../../src/hal/system/random.ts';
import { ask } from '../../../web/served.ts';
import { device, type HierarchyOrder, hierarchy } from '../../signers.ts';
import { CLAIM, NOW } from '../people.ts';
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

const ORDER = { relays: { idleMs: 60_000, most: 1 } };
let registry: TestRegistry;
let issuer: IssuerInTest;
let phone: Awaited<ReturnType<typeof activate>>;
beforeAll(async () => {
  registry = await testRegistry();
  issuer = await issuerInTest(registry, ORDER);
  phone = await activate(issuer, 'phone', TICKETS.zoe);
}, 120_000);
afterAll(async () => {
  await issuer?.close();
  await registry?.remove();
});
beforeEach(() => {
  issuer.ahead = 0;
});

const refused = (code: string) => ({ name: 'IssuerRefused', code });
const presence = async (): Promise<string> => (await phone.link.presence(['insured'])).presence;

async function lastLine(): Promise<string> {
  let last = '';
  await verifyAudit(registry.store.sql, new Map(), ({ kind, details }) => {
    last = `${kind} ${details.reason ?? details.code ?? ''}`;
  });
  return last;
}

describe('terminals', () => {
  it.each<[string, HierarchyOrder, string]>([
    ['made by itself', { label: 'self-made ' }, 'terminal-unknown'],
    ['of another root', { names: { root: 'FREVILCVCA00001' } }, 'terminal-unknown'],
    ['expired yesterday', { terminal: { from: 240101, to: 251124 } }, 'terminal-expired'],
    ['of tomorrow', { terminal: { from: 251126, to: 261125 } }, 'terminal-expired'],
    ['without the right to see people', { rights: ['write DG18'] }, 'terminal-lacks-right'],
  ])('%s: refused, nothing is used up or disclosed, and it has its line', async (_name, order, code) => {
    const shown = await presence();
    await expect(issuer.professional(order).resolve(shown)).rejects.toMatchObject(refused(code));
    expect(await lastLine()).toBe(`refused ${code}`);
    expect((await issuer.professional().resolve(shown)).data.insured).not.toBeNull();
  });

  it('without the right to add claims: it sees, and adds none', async () => {
    const counter = issuer.professional({ rights: ['read DG1'] });
    const { context } = await counter.resolve(await presence());
    await expect(counter.claim(context, CLAIM)).rejects.toMatchObject(refused('terminal-lacks-right'));
  });

  it('revoked by the operator, and with it the one below a document verifier', async () => {
    const other = { names: { terminal: 'FRLABAT00009' } };
    const path = '/v1/operator/terminals/FRLABAT00009/revoke';
    expect((await issuer.operate('POST', path)).status).toBe(200);
    await expect(issuer.professional(other).resolve(await presence())).rejects.toMatchObject(
      refused('terminal-revoked'),
    );
    expect((await issuer.operate('GET', '/v1/operator/terminals')).json).toEqual({
      terminals: [{ holder: 'FRLABAT00009', revokedAt: NOW }],
    });
    const below = { names: { verifier: 'FRLABDV00002', terminal: 'FRLABAT00010' } };
    await issuer.operate('POST', '/v1/operator/terminals/FRLABDV00002/revoke');
    await expect(issuer.professional(below).resolve(await presence())).rejects.toMatchObject(
      refused('terminal-revoked'),
    );
    expect((await issuer.professional().resolve(await presence())).data.insured).not.toBeNull();
  });

  it('a context serves nobody else, and nobody without its token', async () => {
    const { context } = await issuer.professional().resolve(await presence());
    const stranger = issuer.professional({ names: { terminal: 'FRLABAT00002' } });
    await expect(stranger.renew(context)).rejects.toMatchObject(refused('context-unknown'));
    await expect(issuer.professional().renew({ ...context, token: 'x'.repeat(43) })).rejects.toMatchObject(
      refused('context-unknown'),
    );
    await issuer.professional().destroy(context);
    await expect(issuer.professional().renew(context)).rejects.toMatchObject(refused('context-ended'));
  });
});

describe('clocks and replays', () => {
  it.each([
    ['a day ahead', 86_400_000],
    ['a day behind', -86_400_000],
  ])('an issuer %s: its own refusal, and nothing is done', async (_name, ahead) => {
    const shown = await presence();
    issuer.ahead = ahead;
    await expect(phone.link.presence(['insured'])).rejects.toMatchObject(refused('clock-wrong'));
    await expect(issuer.professional().resolve(shown)).rejects.toMatchObject(refused('clock-wrong'));
    issuer.ahead = 0;
    expect((await issuer.professional().resolve(shown)).data.insured).not.toBeNull();
  });

  it("a phone's request that is sent twice is refused the second time, after a restart too", async () => {
    const url = `${issuer.origin}/v1/phone/state`;
    const authorization = await deviceAuthorization(crypto, systemRandom, phone.signer, {
      ...{ method: 'GET', url, body: new Uint8Array(0), now: NOW },
    });
    const send = async (origin: string) => ask(origin, '/v1/phone/state', { headers: { authorization } });
    expect((await send(issuer.origin)).status).toBe(200);
    const second = await send(issuer.origin);
    expect([second.status, JSON.parse(second.text).error]).toEqual([409, 'request-replayed']);
    expect(await lastLine()).toBe('refused request-replayed');
    // A server on another port is another one.
    const other = await issuerInTest(registry);
    expect(JSON.parse((await send(other.origin)).text).error).toBe('request-for-another');
    await other.close();
    await issuer.close();
    issuer = await issuerInTest(registry, { ...ORDER, port: issuer.port });
    expect(JSON.parse((await send(issuer.origin)).text).error).toBe('request-replayed');
  });

  it('a presence that is too old', async () => {
    const shown = await presence();
    issuer.ahead = 59_999;
    const early = await presence();
    issuer.ahead = 60_000;
    await expect(issuer.professional().resolve(shown)).rejects.toMatchObject(refused('presence-expired'));
    expect((await issuer.professional().resolve(early)).data.insured).not.toBeNull();
  });

  it('ten at once: one gets it', async () => {
    const shown = await presence();
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => issuer.professional().resolve(shown)));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const codes = all.map((each) => (each.status === 'rejected' ? each.reason.code : 'fulfilled'));
    expect(codes.filter((code) => code === 'presence-used')).toHaveLength(9);
  });
});

describe('activation', () => {
  it('a key that the issuer does not know', async () => {
    const stranger = issuer.phone(device('stranger'));
    expect(await stranger.standing()).toEqual({ state: 'unknown' });
    await expect(stranger.presence(['insured'])).rejects.toMatchObject(refused('device-unknown'));
    await expect(stranger.claims()).rejects.toMatchObject(refused('device-unknown'));
    await expect(stranger.reportLoss()).rejects.toMatchObject(refused('device-unknown'));
  });

  it('tickets that are none', async () => {
    const link = issuer.phone(device('ticket'));
    const begin = (ticket: string) => link.begin({ ticket, can: '123456', cardSerial: '01' });
    await expect(begin('something-of-16-characters')).rejects.toMatchObject(refused('ticket-malformed'));
    const unknown = `application:app_${'0'.repeat(32)}.${'0'.repeat(32)}`;
    await expect(begin(unknown)).rejects.toMatchObject(refused('application-unknown'));
  });

  it('tickets are not tried for ever: 60 in a minute from one address', async () => {
    const other = await issuerInTest(registry, { guessesAMinute: 2 });
    const begin = () =>
      other.phone(device('ticket')).begin({ ticket: 'x'.repeat(20), can: '123456', cardSerial: '01' });
    for (let i = 0; i < 2; i++) await expect(begin()).rejects.toMatchObject(refused('ticket-malformed'));
    await expect(begin()).rejects.toMatchObject({ ...refused('too-many-requests'), retryAfter: expect.any(Number) });
    expect(await other.phone(device('ticket')).standing()).toEqual({ state: 'unknown' });
    await other.close();
  });

  it('nobody works on an activation of another phone', async () => {
    const pending = device('pending');
    const { activationId } = await issuer
      .phone(pending)
      .begin({ ticket: TICKETS.lea, can: '500540', cardSerial: '0a' });
    const other = issuer.phone(device('other'));
    await expect(other.relay(activationId, 'personalisation', null, null)).rejects.toMatchObject(
      refused('activation-unknown'),
    );
    await expect(other.commit(activationId, device('h').publicKey)).rejects.toMatchObject({ name: 'IssuerRefused' });
    await expect(other.abandon(activationId)).rejects.toMatchObject(refused('activation-unknown'));
    const own = issuer.phone(pending);
    await expect(own.commit(activationId, device('h').publicKey)).rejects.toMatchObject(refused('not-personalised'));
    await expect(own.relay(activationId, 'operation', null, null)).rejects.toMatchObject(refused('activation-ended'));

    // Another card than the one that signs.
    const wrong = cardOf(device('another card'), device('h'));
    await expect(carry(own, activationId, 'personalisation', wrong)).rejects.toMatchObject(
      refused('activation-malformed'),
    );
    await expect(own.commit(activationId, device('h').publicKey)).rejects.toMatchObject(refused('not-personalised'));
    // A card that refuses what it is told.
    const stubborn = () => Uint8Array.of(0x69, 0x82);
    await expect(carry(own, activationId, 'personalisation', stubborn)).rejects.toMatchObject({
      ...refused('card-failed'),
      message: expect.stringContaining('the card answers 6982'),
    });
    await expect(carry(own, activationId, 'personalisation', () => new Uint8Array(1))).rejects.toMatchObject(
      refused('card-failed'),
    );

    await carry(own, activationId, 'personalisation', cardOf(pending, device('h')));
    await expect(own.commit(activationId, device('not the holder').publicKey)).rejects.toMatchObject(
      refused('activation-malformed'),
    );
    await own.abandon(activationId);
    expect(await own.standing()).toEqual({ state: 'abandoned', activationId });
    await expect(own.begin({ ticket: TICKETS.lea, can: '500540', cardSerial: '0a' })).rejects.toMatchObject(
      refused('device-key-used'),
    );
  });

  it('relays: one for an activation, so many at once, and none for ever', async () => {
    const [one, two] = [device('relay one'), device('relay two')];
    const first = await issuer.phone(one).begin({ ticket: TICKETS.lea, can: '500540', cardSerial: '0b' });
    const start = () => issuer.phone(one).relay(first.activationId, 'personalisation', null, null);
    const [old, fresh] = [await start(), await start()];
    const answer = Uint8Array.of(0x90, 0x00);
    const next = (relay: string) => issuer.phone(one).relay(first.activationId, 'personalisation', relay, answer);
    await expect(next(old.relay)).rejects.toMatchObject(refused('relay-unknown'));

    const second = await issuer.phone(two).begin({ ticket: TICKETS.zoe, can: '500540', cardSerial: '0c' });
    const begin = () => issuer.phone(two).relay(second.activationId, 'personalisation', null, null);
    await expect(begin()).rejects.toMatchObject(refused('relay-limit'));
    await expect(
      issuer.phone(two).relay(second.activationId, 'personalisation', fresh.relay, answer),
    ).rejects.toMatchObject(refused('relay-unknown'));
    issuer.http.relays.giveUp(NOW + 60_001);
    expect(issuer.http.relays.size).toBe(0);
    await expect(next(fresh.relay)).rejects.toMatchObject(refused('relay-unknown'));
    expect(await begin()).toHaveProperty('command');
    await issuer.phone(two).abandon(second.activationId);
  });
});

describe('claims after an offline code', () => {
  async function offlineText(madeAt: number, holder = phone.holder): Promise<string> {
    const facts = await activationFacts(registry.store, phone.activationId);
    const innerCwt = await makeInner(facts?.statusIndex ?? 0);
    const tokenId = new Uint8Array(16);
    systemRandom.fill(tokenId, 0, 16);
    return makeOfflineQr({ innerCwt, now: Math.floor(madeAt / 1000), tokenId }, holder.signDigest, crypto);
  }

  async function makeInner(index: number): Promise<Uint8Array> {
    const { issueInnerCwt } = await import('../../../../../rig/life/credential/issue-inner-cwt.ts');
    const { ADRUN } = await import('../people.ts');
    const { issuer: name, statusList: uri } = issuer.http.names;
    const content = {
      ...{ issuer: name, issuedAt: NOW / 1000 - 8_640_000, expires: NOW / 1000 + 86_400, status: { uri, index } },
      ...{
        activation: 1,
        affiliation: ADRUN.affiliation,
        people: ADRUN.beneficiaries,
        holderKey: phone.holder.publicKey,
      },
    };
    return issueInnerCwt(content as never, issuer.http.signer, crypto);
  }

  it('counts once', async () => {
    const offline = await offlineText(NOW - 3_600_000);
    const counter = issuer.professional();
    const claim = { ...CLAIM, number: '000000301' };
    const id = counter.newRequestId();
    const first = await counter.claimOffline({ offline }, claim, id);
    expect(await counter.claimOffline({ offline }, claim, id)).toEqual(first);
    await expect(counter.claimOffline({ offline }, { ...CLAIM, number: '000000302' })).rejects.toMatchObject(
      refused('offline-used'),
    );
  });

  it.each([
    ['made two months ago', async () => offlineText(NOW - 60 * 86_400_000), 'offline-stale'],
    ['signed by another key than the card’s', async () => offlineText(NOW, device('thief')), 'offline-refused'],
    ['that is no code', async () => 'HELLO', 'offline-refused'],
    ['of a clock an hour ahead', async () => offlineText(NOW + 3_600_000), 'offline-stale'],
  ])('%s', async (_name, make, code) => {
    const claim = { ...CLAIM, number: '000000303' };
    await expect(issuer.professional().claimOffline({ offline: await make() }, claim)).rejects.toMatchObject(
      refused(code),
    );
  });

  it('after a tap: the serial number of an active card', async () => {
    const claim = { ...CLAIM, number: '000000304' };
    await expect(issuer.professional().claimOffline({ cardSerial: 'ffffff' }, claim)).rejects.toMatchObject(
      refused('card-unknown'),
    );
    expect((await issuer.professional().claimOffline({ cardSerial: '999000000001' }, claim)).receivedAt).toBe(NOW);
  });
});

describe('operator', () => {
  it('no route of the operator answers without the secret', async () => {
    const described = JSON.parse((await ask(issuer.origin, '/openapi.json')).text) as { paths: Record<string, object> };
    const routes = Object.entries(described.paths).flatMap(([path, verbs]) =>
      Object.keys(verbs).map((verb) => [verb, path] as const),
    );
    const operator = routes.filter(([, path]) => path.startsWith('/v1/operator/'));
    expect(operator.length).toBeGreaterThanOrEqual(10);
    for (const [verb, path] of operator) {
      const real = path
        .replace('{id}', 'app_0')
        .replace('{file}', 'video')
        .replace('{holder}', 'FRLABAT00001')
        .replace('{name}', 'two-readers');
      for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
        expect((await ask(issuer.origin, real, { method: verb.toUpperCase(), headers })).status).toBe(401);
      }
    }
  });

  it('reviews an application, whose files are then gone, and the person activates with the ticket', async () => {
    const file = Buffer.from('a synthetic picture').toString('base64');
    const identity = { familyName: "d'Oeuvre", givenName: 'Lea', birthDate: '1975-12-31', birthPlaceCode: '63220' };
    const json = { 'content-type': 'application/json' };
    const post = async (path: string, body: unknown) => {
      const answer = await ask(issuer.origin, path, { method: 'POST', headers: json }, JSON.stringify(body));
      return { status: answer.status, json: JSON.parse(answer.text) };
    };
    for (const [field, wrong, form] of [
      ['birthDate', '19751231', 'YYYY-MM-DD, for example 1975-12-31'],
      ['birthDate', '1975-02-30', 'YYYY-MM-DD, for example 1975-12-31'],
      ['birthPlaceCode', '6322', 'code of a commune'],
    ] as const) {
      const body = { identity: { ...identity, [field]: wrong }, files: { 'document-front': file, video: file } };
      expect(await post('/v1/applications', body)).toEqual({
        status: 400,
        json: {
          error: 'request-malformed',
          message: expect.stringContaining(`body.identity.${field} is not as described: ${form}`),
        },
      });
    }
    const described = JSON.parse((await ask(issuer.origin, '/openapi.json')).text);
    const { schema } = described.paths['/v1/applications'].post.requestBody.content['application/json'];
    expect(schema.properties.identity.properties.birthDate.pattern).toBe('^\\d{4}-\\d{2}-\\d{2}$');
    const applied = await post('/v1/applications', { identity, files: { 'document-front': file, video: file } });
    expect(applied.status).toBe(200);
    const { ticket } = applied.json;
    const link = issuer.phone(device('applicant'));
    await expect(link.begin({ ticket, can: '500540', cardSerial: '0d' })).rejects.toMatchObject(
      refused('application-waiting'),
    );
    const { json: waiting } = await issuer.operate('GET', '/v1/operator/applications');
    const [{ id }] = waiting.applications as [{ id: string }];
    const path = `/v1/operator/applications/${id}`;
    const seen = await ask(issuer.origin, `${path}/files/video`, {
      headers: { authorization: `Bearer ${issuer.server.secret}` },
    });
    expect(seen.text).toBe('a synthetic picture');
    expect((await issuer.operate('POST', `${path}/decision`, { refuse: null })).status).toBe(200);
    expect((await issuer.operate('GET', `${path}/files/video`)).status).toBe(404);
    expect((await post('/v1/applications/state', { ticket })).json).toEqual({
      state: 'accepted',
      reason: null,
      filesDestroyed: true,
    });
    expect(await link.begin({ ticket, can: '500540', cardSerial: '0d' })).toMatchObject({ number: 1 });
    expect((await issuer.operate('POST', `${path}/decision`, { refuse: null })).json.error).toBe('application-decided');
  });

  it('opens and closes departments', async () => {
    const { json } = await issuer.operate('POST', '/v1/operator/rollout', { departments: ['75', '2A'], open: true });
    expect(json).toEqual({ changed: ['75', '2A'] });
    const departments = (await issuer.operate('GET', '/v1/operator/rollout')).json.departments as {
      department: string;
    }[];
    expect(departments.map(({ department }) => department)).toEqual(['*', '2A', '75']);
  });

  it('ends a card', async () => {
    const id = phone.activationId;
    const path = `/v1/operator/activations/${id}/revoke`;
    expect((await issuer.operate('POST', path, { why: 'operator' })).json).toEqual({ since: NOW, why: 'operator' });
    expect(await phone.link.standing()).toMatchObject({ state: 'revoked', why: 'operator', wipe: 'queued' });
    expect((await issuer.operate('POST', '/v1/operator/activations/act_0/revoke', { why: 'lost' })).json.error).toBe(
      'activation-unknown',
    );
  });
});

it('codes of refusals are one list: none is in two tables with another meaning', () => {
  const tables = [WEB_REFUSALS, REQUEST_REFUSALS, INTERFACE_REFUSALS, REFUSALS].map((table) => Object.keys(table));
  const all = tables.flat();
  expect(all.filter((code, at) => all.indexOf(code) !== at)).toEqual([]);
});

it('a request that is signed for a terminal and not described so is refused after it is believed', async () => {
  const url = `${issuer.origin}/v1/presences/resolve`;
  const send = (keys: typeof issuer.terminals.keys, request: Record<string, unknown>) =>
    ask(
      issuer.origin,
      '/v1/presences/resolve',
      { method: 'POST', headers: { 'content-type': 'application/jose' } },
      terminalRequest(crypto, keys, { method: 'POST', url, requestId: 'B'.repeat(22), request, now: NOW }),
    );
  expect(JSON.parse((await send(issuer.terminals.keys, { presense: 'x' })).text)).toMatchObject({
    error: 'request-malformed',
  });
  expect(JSON.parse((await send(hierarchy({ label: 'x' }).keys, { presense: 'x' })).text)).toMatchObject({
    error: 'terminal-unknown',
  });
});
