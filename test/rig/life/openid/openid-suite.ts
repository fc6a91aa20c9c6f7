import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signJws } from '../../../../rig/life/credential/jws.ts';
import { obtainCredential, renewCredential } from '../../../../rig/life/identity/client/obtain-credential.ts';
import {
  consentAtTerminal,
  type IdentityRequest,
  requestIdentity,
  ticketOf,
} from '../../../../rig/life/identity/client/present-identity.ts';
import { identityTicket } from '../../../../rig/life/identity/ticket.ts';
import {
  CARD_VCT,
  CREDENTIAL_CONFIGURATION_ID,
  PRE_AUTHORIZED_GRANT,
} from '../../../../rig/life/issuer/openid/metadata.ts';
import {
  allowOffer,
  type CredentialOffer,
  createAnotherOffer,
  createOffer,
} from '../../../../rig/life/issuer/openid/offer.ts';
import { redeemIdentityTicket } from '../../../../rig/life/issuer/openid/presentation.ts';
import { purgeOpenId } from '../../../../rig/life/issuer/openid/purge.ts';
import { IssuerRefusal } from '../../../../rig/life/issuer/refusals.ts';
import type { Sql } from '../../../../rig/store/sql.ts';
import { crypto, type KeyPair, keyPair } from '../identity/sd-jwt-making.ts';
import {
  type Answered,
  activeSubject,
  CARD,
  OTHER_CARD,
  type Presenting,
  post,
  postForm,
  postJson,
  presentationFor,
  requestOf,
  seconds,
  startWorld,
  type World,
  ZOE,
} from './world.ts';

/** The OpenID routes over HTTP, on whichever database. */
export function openIdSuite(name: string, open: () => Promise<Sql>): void {
  describe(`OpenID over ${name}`, () => {
    let world: World;
    beforeAll(async () => {
      world = await startWorld(await open());
    });
    afterAll(() => world.close());

    const ask = (): Promise<IdentityRequest> =>
      requestIdentity({ issuer: world.issuer, identity: world.identity, returnTo: null });
    const redeem = (ticket: string) => redeemIdentityTicket(world.context, ticket);
    const reasonOf = async (answer: Promise<Answered>): Promise<unknown> => (await answer).body.reason ?? 'taken';

    describe('an identity', () => {
      it('goes from the person to the issuer, once: four claims and no more', async () => {
        const request = await ask();
        let asked: readonly string[] = [];
        const ticket = await consentAtTerminal(request, async ({ claims, people, verifier }) => {
          asked = claims;
          expect(verifier).toBe(world.issuer);
          return people[0]!.id;
        });
        expect(asked).toEqual(['family_name', 'given_name', 'birthdate', 'birth_place_code']);
        expect(await redeem(ticket!)).toEqual({
          familyName: 'ADRUN',
          givenName: 'ZOE',
          birthDate: '1975-12-31',
          birthPlaceCode: '63220',
        });
        await expect(redeem(ticket!)).rejects.toMatchObject({ code: 'identity-used' });
        // Who has half of it learns nothing, and nothing of the identity is kept.
        const half = identityTicket({ transaction: request.transaction, responseCode: 'A'.repeat(43) });
        await expect(redeem(half)).rejects.toMatchObject({ code: 'response-code-wrong' });
        expect(await world.context.sql.query('select identity, encryption_key from openid_presentations')).toEqual([
          { identity: null, encryption_key: null },
        ]);
        world.time += 10 * 60_000;
        await purgeOpenId(world.context.sql, world.time);
        expect(await world.context.sql.query('select 1 as one from openid_presentations')).toEqual([]);
      });

      it('whose ticket may not be spent yet, for its department is closed, is still there when it opens', async () => {
        const ticket = (await consentAtTerminal(await ask(), async ({ people }) => people[0]!.id)) as string;
        const seen: string[] = [];
        const closed = redeemIdentityTicket(world.context, ticket, async ({ givenName }) => {
          seen.push(givenName);
          throw new IssuerRefusal('department-closed');
        });
        await expect(closed).rejects.toMatchObject({ code: 'department-closed' });
        expect(seen).toEqual(['ZOE']);
        expect(await redeem(ticket)).toMatchObject({ givenName: 'ZOE' });
        await expect(redeem(ticket)).rejects.toMatchObject({ code: 'identity-used' });
      });

      it('is not given where the person refuses', async () => {
        const request = await ask();
        expect(await consentAtTerminal(request, async () => null)).toBeNull();
        expect(await reasonOf(post(request, { vp_token: {} }))).toBe('request-answered');
      });

      it('tells the phone that the person refused in a browser', async () => {
        const request = await ask();
        const { body } = await post(request, { error: 'access_denied' });
        const ticket = ticketOf(request, body.redirect_uri as string);
        for (const _ of ['first', 'again'])
          await expect(redeem(ticket)).rejects.toMatchObject({ code: 'consent-refused', status: 403 });
      });

      it('is worth nothing without both secrets', async () => {
        const request = await ask();
        const { body } = await post(request, { vp_token: { identity: [await presentationFor(world, request)] } });
        const other = await ask();
        const right = ticketOf(request, body.redirect_uri as string);
        const responseCode = right.slice(-43);
        const stolen = identityTicket({ transaction: other.transaction, responseCode });
        await expect(redeem(stolen)).rejects.toMatchObject({ code: 'not-answered' });
        const guessed = identityTicket({ transaction: request.transaction, responseCode: 'A'.repeat(43) });
        await expect(redeem(guessed)).rejects.toMatchObject({ code: 'response-code-wrong' });
        await expect(redeem('identity:x.y')).rejects.toMatchObject({ code: 'request-unknown' });
        expect(await redeem(right)).toMatchObject({ givenName: 'ZOE' });
      });

      it.each<[string, Presenting, string]>([
        ['stale', { age: 301 }, 'stale-binding'],
        ['of the future', { age: -61 }, 'binding-in-future'],
        ['for another audience', { request: { clientId: 'redirect_uri:https://other.test' } }, 'another-audience'],
        ['for another request', { request: { nonce: 'n-0S6_WzA2Mj' } }, 'another-nonce'],
        ['signed by somebody else', { holder: OTHER_CARD }, 'another-key'],
        ['unbound', { change: (text) => text.slice(0, text.lastIndexOf('~') + 1) }, 'no-key-binding'],
        ['of a provider with another key', { key: OTHER_CARD }, 'altered'],
        ['of another provider', { origin: 'https://other.test' }, 'unknown-issuer'],
        [
          'of more than was asked for',
          { request: { claims: ['family_name', 'given_name', 'birthdate', 'birth_place_code', 'sex'] } },
          'more-than-asked',
        ],
        [
          'of less than was asked for',
          { request: { claims: ['family_name', 'given_name', 'birthdate'] } },
          'identity-incomplete',
        ],
        ['with a day that does not exist', { person: { ...ZOE, birthDate: '1975-02-30' } }, 'identity-incomplete'],
        [
          'with a wrong bit',
          // A character inside of the issuer's signature.
          { change: (text) => text.replace(/.(?=[\w-]{20}~)/, (found) => (found === 'A' ? 'B' : 'A')) },
          'altered',
        ],
        ['with a disclosure taken out', { change: (text) => text.replace(/~[^~]+/, '') }, 'wrong-sd-hash'],
      ])('is refused: %s', async (_, presenting, reason) => {
        const request = await ask();
        const presentation = await presentationFor(world, request, presenting);
        const answer = await post(request, { vp_token: { identity: [presentation] } });
        expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request', reason } });
        // The person may try again, and nothing of the wrong one was kept.
        const stored = await world.context.sql.query(
          'select 1 as one from openid_presentations where identity is not null',
        );
        expect(stored).toEqual([]);
        const right = await presentationFor(world, request);
        expect((await post(request, { vp_token: { identity: [right] } })).status).toBe(200);
        await world.context.sql.query('delete from openid_presentations');
      });

      it('is refused when it is replayed: to the same request, and to the next', async () => {
        const request = await ask();
        const answer = { vp_token: { identity: [await presentationFor(world, request)] } };
        expect(await reasonOf(post(request, answer))).toBe('taken');
        expect(await reasonOf(post(request, answer))).toBe('request-answered');
        const next = await ask();
        expect(await reasonOf(post(next, answer))).toBe('another-nonce');
      });

      it('counts once when two answers come at the same time', async () => {
        const request = await ask();
        const presentations = await Promise.all([1, 2, 3].map(() => presentationFor(world, request)));
        const reasons = await Promise.all(
          presentations.map((presentation) => reasonOf(post(request, { vp_token: { identity: [presentation] } }))),
        );
        expect(reasons.sort()).toEqual(['request-answered', 'request-answered', 'taken']);
      });

      it('is refused unencrypted, encrypted for another request, and with another state', async () => {
        const request = await ask();
        const answer = { vp_token: { identity: [await presentationFor(world, request)] } };
        expect(await reasonOf(post(request, answer, false))).toBe('response-unreadable');
        expect(await reasonOf(post(request, { ...answer, state: 'other' }))).toBe('request-unknown');
        const { encryption } = requestOf(request);
        const other = await ask();
        const { responseForm } = await import('../../../../rig/life/identity/openid4vp/response.ts');
        const form = await responseForm(answer, { ...requestOf(other).encryption!, kid: encryption!.kid });
        expect(await reasonOf(postForm(requestOf(request).responseUri, form))).toBe('response-unreadable');
        expect(await reasonOf(postForm(requestOf(request).responseUri, { response: 'a.b.c.d.e' }))).toBe(
          'request-unknown',
        );
      });

      it('waits while the keys of the provider cannot be had, and takes the same answer later', async () => {
        const request = await ask();
        const answer = { vp_token: { identity: [await presentationFor(world, request)] } };
        world.providerIsDown = true;
        expect(await post(request, answer)).toMatchObject({ status: 503, body: { reason: 'provider-not-reached' } });
        world.providerIsDown = false;
        expect(await reasonOf(post(request, answer))).toBe('taken');
      });

      it.each<[string, Record<string, unknown>]>([
        ['no token', {}],
        ['no presentation', { vp_token: { identity: [] } }],
        ['two presentations', { vp_token: { identity: ['a~', 'b~'] } }],
        ['a presentation of something else', { vp_token: { passport: ['a~'] } }],
        ['a token that is a list', { vp_token: ['a~'] }],
        ['an object as presentation', { vp_token: { identity: [{}] } }],
      ])('is refused with %s', async (_, answer) => {
        expect(await reasonOf(post(await ask(), answer))).toBe('response-malformed');
      });

      it('is refused after ten minutes, and forgotten', async () => {
        const [late, unused] = [await ask(), await ask()];
        const { body } = await post(unused, { vp_token: { identity: [await presentationFor(world, unused)] } });
        world.time += 10 * 60_000;
        expect(await reasonOf(post(late, { vp_token: {} }))).toBe('request-expired');
        await expect(redeem(ticketOf(unused, body.redirect_uri as string))).rejects.toMatchObject({
          code: 'request-expired',
        });
        await purgeOpenId(world.context.sql, world.time);
        expect(await world.context.sql.query('select 1 as one from openid_presentations')).toEqual([]);
      });

      it.each([
        'https://evil.test/',
        'http://127.0.0.1.evil.test/',
        'http://user@127.0.0.1/',
        'javascript:alert(1)',
        'http://127.0.0.1/#x',
        'ftp://127.0.0.1/',
        'nowhere',
      ])('does not return to %s', async (returnTo) => {
        const asked = requestIdentity({ issuer: world.issuer, identity: world.identity, returnTo });
        await expect(asked).rejects.toMatchObject({ name: 'OpenIdRefused', code: 'return-refused' });
      });

      it('returns to a page of the phone on this machine', async () => {
        const returnTo = 'http://127.0.0.1:5000/activate';
        const request = await requestIdentity({ issuer: world.issuer, identity: world.identity, returnTo });
        const ticket = await consentAtTerminal(request, async ({ people }) => people[0]!.id);
        expect(await redeem(ticket!)).toMatchObject({ givenName: 'ZOE' });
      });

      it('is asked of no provider that the issuer does not trust', async () => {
        const asked = requestIdentity({ issuer: world.issuer, identity: 'https://other.test', returnTo: null });
        await expect(asked).rejects.toMatchObject({ code: 'provider-unknown' });
      });
    });

    describe('a credential', () => {
      const token = (form: Record<string, string>): Promise<Answered> => postForm(`${world.issuer}/openid/token`, form);
      const codeOf = (offer: CredentialOffer): string => offer.grants[PRE_AUTHORIZED_GRANT]['pre-authorized_code'];
      const grant = (offer: CredentialOffer, txCode: string): Record<string, string> => ({
        grant_type: PRE_AUTHORIZED_GRANT,
        'pre-authorized_code': codeOf(offer),
        tx_code: txCode,
      });
      const wrong = (code: string): string => String((Number(code) + 1) % 1_000_000).padStart(6, '0');
      let next = 0;
      /** An activation of its own, with its key. */
      const activation = (): { id: string; key: KeyPair } => {
        const [id, key] = [`own-${++next}`, keyPair(100 + next)];
        world.subjects.set(id, { ...activeSubject(), holderKey: key.jwk });
        return { id, key };
      };
      const offer = async (id: string): Promise<CredentialOffer> => createOffer(world.context, id);
      const tokensFor = async (id: string): Promise<{ access_token: string; refresh_token: string }> => {
        const made = await offer(id);
        const { status, body } = await token(grant(made, world.codes.get(id)!));
        expect(status).toBe(200);
        return body as { access_token: string; refresh_token: string };
      };
      const nonce = async (): Promise<string> =>
        (await postForm(`${world.issuer}/openid/nonce`, {})).body.c_nonce as string;
      const order = (key: KeyPair) => ({
        crypto,
        issuer: world.issuer,
        vct: CARD_VCT,
        holder: { publicKey: key.jwk, sign: key.sign },
        now: () => world.time,
      });

      it('is issued to the card’s key, and renewed for the same key', async () => {
        const { id, key } = activation();
        const made = await offer(id);
        const first = await obtainCredential({ ...order(key), offer: made, txCode: world.codes.get(id)! });
        expect(first.claims).toMatchObject({
          iss: world.issuer,
          vct: CARD_VCT,
          cnf: { jwk: key.jwk },
          status: { status_list: { idx: 5 } },
          insured: { familyName: 'ADRUN' },
          beneficiaries: [{ givenName: 'ZOE' }],
        });
        world.time += 20 * 24 * 60 * 60_000;
        const second = await renewCredential({ ...order(key), refreshToken: first.refreshToken });
        expect(second.claims.exp).toBe((first.claims.exp as number) + 20 * 24 * 60 * 60);
        expect(world.issued.filter((activation) => activation === id)).toHaveLength(2);
      });

      it('is not for who guesses the transaction code: five tries, then a new offer is needed', async () => {
        const { id } = activation();
        const made = await offer(id);
        const right = world.codes.get(id)!;
        const reasons = [];
        for (let i = 0; i < 6; i++) reasons.push((await token(grant(made, wrong(right)))).body.reason);
        expect(reasons).toEqual([...Array(4).fill('transaction-code-wrong'), 'tries-used', 'tries-used']);
        expect(await token(grant(made, right))).toMatchObject({
          status: 400,
          body: { error: 'invalid_grant', reason: 'tries-used' },
        });
        const again = await offer(id);
        expect((await token(grant(again, world.codes.get(id)!))).status).toBe(200);
      });

      describe('that is offered again', () => {
        const again = (id: string): Promise<CredentialOffer> => createAnotherOffer(world.context, id);
        const HOUR = 60 * 60_000;

        it('is so when its offer has ended, and not while it is open', async () => {
          const { id } = activation();
          const first = await offer(id);
          await expect(again(id)).rejects.toMatchObject({ code: 'offer-open', status: 409 });
          const right = world.codes.get(id)!;
          for (let i = 0; i < 5; i++) await token(grant(first, wrong(right)));
          const second = await again(id);
          expect((await token(grant(first, right))).body.reason).toBe('code-unknown');
          await expect(again(id)).rejects.toMatchObject({ code: 'offer-open' });
          world.time += HOUR;
          const third = await again(id);
          expect((await token(grant(second, world.codes.get(id)!))).body.reason).toBe('code-unknown');
          expect((await token(grant(third, world.codes.get(id)!))).status).toBe(200);
        });

        it('is so three times in a day, also for who asks many times at once', async () => {
          const { id } = activation();
          for (let i = 0; i < 3; i++) {
            const all = await Promise.allSettled(Array.from({ length: 4 }, () => again(id)));
            expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
            world.time += HOUR;
          }
          await expect(again(id)).rejects.toMatchObject({ code: 'offers-used', status: 429 });
          world.time += 20 * HOUR;
          await expect(again(id)).rejects.toMatchObject({ code: 'offers-used' });
          world.time += HOUR;
          await again(id);
        });

        it('is so once more by the operator’s leave, whatever was asked for before', async () => {
          const { id } = activation();
          await offer(id);
          expect(await allowOffer(world.context, id)).toBe(world.time + 7 * 24 * HOUR);
          await again(id);
          await expect(again(id)).rejects.toMatchObject({ code: 'offer-open' });
          for (let i = 0; i < 2; i++) {
            world.time += HOUR;
            await again(id);
          }
          world.time += HOUR;
          await expect(again(id)).rejects.toMatchObject({ code: 'offers-used' });
          await allowOffer(world.context, id);
          await purgeOpenId(world.context.sql, world.time);
          await again(id);
          world.time += HOUR;
          await expect(again(id)).rejects.toMatchObject({ code: 'offers-used' });
        });

        it('is not so to a card that is not active', async () => {
          for (const state of ['pending', 'revoked', 'abandoned'] as const) {
            const { id } = activation();
            world.subjects.set(id, { ...activeSubject(), state });
            await expect(again(id)).rejects.toMatchObject({ code: 'credential-refused' });
            await expect(allowOffer(world.context, id)).rejects.toMatchObject({ code: 'credential-refused' });
          }
          await expect(again('nobody')).rejects.toMatchObject({ code: 'credential-refused' });
        });
      });

      it('spends a try for each of many guesses at once', async () => {
        const { id } = activation();
        const made = await offer(id);
        const right = world.codes.get(id)!;
        const guesses = Array.from({ length: 12 }, () => token(grant(made, wrong(right))));
        const reasons = (await Promise.all(guesses)).map(({ body }) => body.reason);
        expect(reasons.filter((reason) => reason === 'transaction-code-wrong')).toHaveLength(4);
      });

      it('needs the transaction code, and does not spend a try where it is missing', async () => {
        const { id } = activation();
        const made = await offer(id);
        const { tx_code: _, ...without } = grant(made, '');
        for (let i = 0; i < 6; i++) {
          expect(await token(without)).toMatchObject({
            body: { error: 'invalid_request', reason: 'transaction-code-missing' },
          });
        }
        expect((await token(grant(made, world.codes.get(id)!))).status).toBe(200);
      });

      it('has one code, used once: the second use ends what the first got', async () => {
        const { id, key } = activation();
        const made = await offer(id);
        const { body: tokens } = await token(grant(made, world.codes.get(id)!));
        expect((await token(grant(made, world.codes.get(id)!))).body).toMatchObject({
          error: 'invalid_grant',
          reason: 'code-used',
        });
        const answer = await requestCredential(tokens.access_token as string, await proof(key));
        expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_token', reason: 'token-unknown' } });
        const refreshed = token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token as string });
        expect(await reasonOf(refreshed)).toBe('refresh-unknown');
      });

      it('ends an older offer with a newer one, and each after an hour', async () => {
        const { id } = activation();
        const older = await offer(id);
        const olderCode = world.codes.get(id)!;
        const newer = await offer(id);
        expect(await reasonOf(token(grant(older, olderCode)))).toBe('code-unknown');
        world.time += 60 * 60_000;
        expect(await reasonOf(token(grant(newer, world.codes.get(id)!)))).toBe('code-unknown');
      });

      it('is renewed by each refresh token once: one that comes again ends all', async () => {
        const { id } = activation();
        const first = await tokensFor(id);
        const refresh = (value: string): Promise<Answered> =>
          token({ grant_type: 'refresh_token', refresh_token: value });
        const second = (await refresh(first.refresh_token)).body as { refresh_token: string };
        expect(await reasonOf(refresh(first.refresh_token))).toBe('refresh-used');
        expect(await reasonOf(refresh(second.refresh_token))).toBe('refresh-unknown');
        expect(await reasonOf(refresh('x'))).toBe('refresh-unknown');
      });

      it.each(['revoked', 'abandoned'] as const)('is not renewed for an activation that is %s', async (state) => {
        const { id, key } = activation();
        const tokens = await tokensFor(id);
        world.subjects.set(id, { ...activeSubject(), state, holderKey: key.jwk });
        const refreshed = token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token });
        expect(await reasonOf(refreshed)).toBe('activation-ended');
        const answer = await requestCredential(tokens.access_token, await proof(key));
        expect(answer).toMatchObject({
          status: 400,
          body: { error: 'credential_request_denied', reason: 'credential-refused' },
        });
      });

      it('is not issued to a card that is not active yet', async () => {
        const { id, key } = activation();
        world.subjects.set(id, { ...activeSubject(), state: 'pending', holderKey: null });
        const tokens = await tokensFor(id);
        expect(await reasonOf(requestCredential(tokens.access_token, await proof(key)))).toBe('credential-refused');
      });

      it('knows no other grant', async () => {
        expect(await token({ grant_type: 'authorization_code', code: 'x' })).toMatchObject({
          status: 400,
          body: { error: 'unsupported_grant_type' },
        });
      });

      const proof = async (
        key: KeyPair,
        change: { payload?: Record<string, unknown>; header?: Record<string, unknown>; sign?: KeyPair } = {},
      ): Promise<string> => {
        const payload = { aud: world.issuer, iat: seconds(world), nonce: await nonce(), ...change.payload };
        const header = { typ: 'openid4vci-proof+jwt', jwk: key.jwk, ...change.header };
        return signJws({ crypto, header, payload, sign: (change.sign ?? key).sign });
      };
      const requestCredential = (
        accessToken: string,
        jwt: string,
        more: Record<string, unknown> = {},
      ): Promise<Answered> =>
        postJson(
          `${world.issuer}/openid/credential`,
          { credential_configuration_id: CREDENTIAL_CONFIGURATION_ID, proofs: { jwt: [jwt] }, ...more },
          { Authorization: `Bearer ${accessToken}` },
        );

      it.each<[string, Parameters<typeof proof>[1], string, string]>([
        ['made for another issuer', { payload: { aud: 'https://other.test' } }, 'invalid_proof', 'proof-audience'],
        ['made for several issuers', { payload: { aud: ['https://other.test'] } }, 'invalid_proof', 'proof-audience'],
        ['of the future', { payload: { iat: 1_800_000_000 + 9e7 } }, 'invalid_proof', 'proof-in-future'],
        ['that is too old', { payload: { iat: 1_800_000_000 - 301 } }, 'invalid_proof', 'proof-stale'],
        ['without a time', { payload: { iat: undefined } }, 'invalid_proof', 'proof-malformed'],
        ['with a client name', { payload: { iss: 'phone' } }, 'invalid_proof', 'proof-malformed'],
        ['without a nonce', { payload: { nonce: undefined } }, 'invalid_proof', 'nonce-missing'],
        ['with an invented nonce', { payload: { nonce: 'A'.repeat(75) } }, 'invalid_nonce', 'nonce-unknown'],
        ['with a short nonce', { payload: { nonce: 'wKI4LT17ac15ES9bw8ac4' } }, 'invalid_nonce', 'nonce-unknown'],
        ['signed with another key', { sign: OTHER_CARD }, 'invalid_proof', 'proof-signature'],
        ['of another type', { header: { typ: 'JWT' } }, 'invalid_proof', 'proof-malformed'],
        ['with a key identifier', { header: { kid: 'x' } }, 'invalid_proof', 'proof-malformed'],
        ['without a key', { header: { jwk: undefined } }, 'invalid_proof', 'proof-malformed'],
        ['with a private key', { header: { jwk: { ...CARD.jwk, d: CARD.jwk.x } } }, 'invalid_proof', 'proof-malformed'],
      ])('is refused for a proof %s', async (_, change, error, reason) => {
        const { id, key } = activation();
        const { access_token: accessToken } = await tokensFor(id);
        const answer = await requestCredential(accessToken, await proof(key, change));
        expect(answer).toMatchObject({ status: 400, body: { error, reason } });
      });

      it('uses a nonce once, whoever used it, and within five minutes', async () => {
        const { id, key } = activation();
        const { access_token: accessToken } = await tokensFor(id);
        const used = await proof(key);
        expect((await requestCredential(accessToken, used)).status).toBe(200);
        expect(await requestCredential(accessToken, used)).toMatchObject({
          body: { error: 'invalid_nonce', reason: 'nonce-used' },
        });
        const late = await nonce();
        world.time += 5 * 60_000;
        expect(await reasonOf(requestCredential(accessToken, await proof(key, { payload: { nonce: late } })))).toBe(
          'nonce-unknown',
        );
      });

      it('has a key of its own: not another card’s, and not another one later', async () => {
        const [first, second] = [activation(), activation()];
        const tokens = await tokensFor(first.id);
        expect((await requestCredential(tokens.access_token, await proof(first.key))).status).toBe(200);
        // The registry does not know the keys here: the routes must notice by themselves.
        for (const { id } of [first, second]) world.subjects.set(id, { ...activeSubject(), holderKey: null });
        const others = await tokensFor(second.id);
        expect(await reasonOf(requestCredential(others.access_token, await proof(first.key)))).toBe('proof-key-used');
        expect(await reasonOf(requestCredential(tokens.access_token, await proof(second.key)))).toBe(
          'proof-key-changed',
        );
        world.subjects.set(first.id, { ...activeSubject(), holderKey: second.key.jwk });
        expect(await reasonOf(requestCredential(tokens.access_token, await proof(first.key)))).toBe(
          'proof-key-changed',
        );
      });

      it('needs an access token that is known and younger than ten minutes', async () => {
        const { id, key } = activation();
        const { access_token: accessToken, refresh_token: refreshToken } = await tokensFor(id);
        const without = await postJson(`${world.issuer}/openid/credential`, {});
        expect(without).toMatchObject({ status: 401, body: { reason: 'token-missing' } });
        for (const unknown of ['x', refreshToken]) {
          expect(await requestCredential(unknown, await proof(key))).toMatchObject({
            status: 401,
            body: { reason: 'token-unknown' },
          });
        }
        world.time += 10 * 60_000;
        expect(await reasonOf(requestCredential(accessToken, await proof(key)))).toBe('token-unknown');
      });

      it.each<[string, Record<string, unknown>, string]>([
        ['of another kind', { credential_configuration_id: 'passport' }, 'unknown_credential_configuration'],
        ['by identifier', { credential_identifier: 'x' }, 'unknown_credential_configuration'],
        ['without a proof', { proofs: undefined }, 'invalid_proof'],
        ['with two proofs', { proofs: { jwt: ['a', 'b'] } }, 'invalid_proof'],
        ['with a proof of another kind', { proofs: { di_vp: [{}] } }, 'invalid_proof'],
        ['with a proof that is no text', { proofs: { jwt: [5] } }, 'invalid_proof'],
      ])('is refused: %s', async (_, more, error) => {
        const { id, key } = activation();
        const { access_token: accessToken } = await tokensFor(id);
        const answer = await requestCredential(accessToken, await proof(key), more);
        expect(answer).toMatchObject({ status: 400, body: { error } });
      });

      it('leaves no code, token, key of an answer or name in the database and in the log', async () => {
        const { id, key } = activation();
        const made = await offer(id);
        const code = world.codes.get(id)!;
        const obtained = await obtainCredential({ ...order(key), offer: made, txCode: code });
        const request = await ask();
        const ticket = await consentAtTerminal(request, async ({ people }) => people[0]!.id);
        await redeem(ticket!);
        const tables = ['presentations', 'offers', 'tokens', 'used_nonces', 'proof_keys'];
        const rows = await Promise.all(tables.map((table) => world.context.sql.query(`select * from openid_${table}`)));
        const stored = JSON.stringify([rows, world.log], (_name, value: unknown) =>
          value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
        );
        expect(stored.length).toBeGreaterThan(1000);
        const secrets = [codeOf(made), obtained.refreshToken, ...ticket!.slice(9).split('.'), 'ADRUN', '1975-12-31'];
        expect(secrets.filter((secret) => stored.includes(secret))).toEqual([]);
        expect(stored).not.toContain(`"${code}"`);
      });
    });
  });
}
