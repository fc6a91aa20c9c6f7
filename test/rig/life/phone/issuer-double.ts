import { IssuerRefused, IssuerUnreachable } from '../../../../rig/life/api/issuer-refused.ts';
import type { PhoneLink } from '../../../../rig/life/api/phone-link.ts';
import type { ClaimOfPhone, Delegation, Standing } from '../../../../rig/life/api/wire.ts';
import { issueInnerCwt } from '../../../../rig/life/credential/issue-inner-cwt.ts';
import { softwareSigner } from '../../../../rig/life/credential/jws.ts';
import { makeOperational, type PersonalisationJob, personaliseCard } from '../../../../rig/life/issuer/personalise.ts';
import { CardRelay } from '../../../../rig/life/issuer/relay.ts';
import type { IssuerConnection } from '../../../../rig/life/phone/issuer-connection.ts';
import { testPrivateKey } from '../../../../rig/pki/test-hierarchy.ts';
import type { CardSession } from '../../../../src/hal/reader.ts';
import { CONTENT, crypto, job } from './blank-card.ts';

/**
 * An issuer in memory, as far as a phone can tell: a registry by device key, and the real personalisation. The registry of
 * rig/life/issuer has its own tests.
 */
export class IssuerDouble implements IssuerConnection {
  readonly origin = 'http://issuer.test';
  readonly cards: Map<string, { standing: Standing; can: string; wiped: boolean }> = new Map();
  readonly offered: ClaimOfPhone[] = [];
  /** Given by whoever asks, and to whoever asks. */
  readonly delegations: Delegation[] = [];
  /** Every call, in order, for tests that cut the line; the call is not carried out when this throws. */
  before: (call: string) => void = () => {};
  /** The same, after the call was carried out: its answer is lost. */
  after: (call: string) => void = () => {};
  readonly #relays = new Map<string, CardRelay<unknown>>();
  #number = 0;

  connect({ publicKey, signDigest }: Parameters<IssuerConnection['connect']>[0]): PhoneLink {
    return this.#linkOf(publicKey, async (call) => {
      // Who cannot sign for the device key is nobody.
      const digest = crypto.hash('sha-256', Buffer.from(call));
      const signed = await signDigest(digest);
      if (crypto.ecdsaVerify('P-256', publicKey, digest, signed)) return;
      throw new IssuerRefused(401, 'signature', 'not you', null);
    });
  }

  /** For a caller whose requests were judged already. */
  linkOf(publicKey: Uint8Array): PhoneLink {
    return this.#linkOf(publicKey, () => Promise.resolve());
  }

  #linkOf(publicKey: Uint8Array, judge: (call: string) => Promise<void>): PhoneLink {
    const key = Buffer.from(publicKey).toString('hex');
    const ask = async <T>(call: string, run: () => Promise<T> | T): Promise<T> => {
      this.before(call);
      await judge(call);
      const result = await run();
      this.after(call);
      return result;
    };
    const card = () => this.cards.get(key);
    const relays = this.#relays;
    const link: Partial<PhoneLink> = {
      standing: () => ask('standing', () => card()?.standing ?? { state: 'unknown' }),
      begin: ({ ticket, can }) =>
        ask('begin', () => {
          if (ticket !== 'application:1.right')
            throw new IssuerRefused(404, 'application-unknown', 'there is no such application', null);
          const known = card()?.standing;
          if (known === undefined) {
            const standing = {
              state: 'pending',
              activationId: `a${this.cards.size + 1}`,
              number: ++this.#number,
            } as const;
            this.cards.set(key, { standing, can, wiped: false });
          }
          const { standing } = this.cards.get(key) as { standing: Standing };
          if (!('number' in standing)) throw new IssuerRefused(409, 'activation-ended', 'ended', null);
          const insured = { nir: '2751263220749', key: '74' };
          return { activationId: standing.activationId, number: standing.number, claims: { ...CONTENT, insured } };
        }),
      relay: (_, step, relay, answer) =>
        ask(`relay ${step}`, async () => {
          const known = card();
          const wanted = step === 'personalisation' ? 'pending' : 'active';
          if (known?.standing.state !== wanted) throw new IssuerRefused(409, 'activation-ended', `not ${wanted}`, null);
          const number = 'number' in known.standing ? known.standing.number : 0;
          const more = { can: new TextEncoder().encode(known.can), credential: credentialOf(number) };
          const id = relay ?? `r${relays.size + 1}`;
          const work =
            step === 'personalisation'
              ? (session: CardSession, order: PersonalisationJob): Promise<unknown> => personaliseCard(session, order)
              : makeOperational;
          if (relay === null) relays.set(id, new CardRelay((session) => work(session, job(more))));
          const step1 = await (relays.get(id) as CardRelay<unknown>).next(answer);
          return 'command' in step1 ? { relay: id, command: step1.command } : { relay: id, done: true as const };
        }),
      commit: () =>
        ask('commit', () => {
          const known = card();
          if (known === undefined || !('number' in known.standing))
            throw new IssuerRefused(404, 'activation-unknown', 'no', null);
          const { activationId, number } = known.standing;
          for (const [other, { standing, ...rest }] of this.cards) {
            if (other === key || standing.state !== 'active') continue;
            const revoked = { state: 'revoked', activationId: standing.activationId, number: standing.number } as const;
            this.cards.set(other, { ...rest, standing: { ...revoked, since: 1, why: 'replaced', wipe: 'queued' } });
          }
          this.cards.set(key, { ...known, standing: { state: 'active', activationId, number, since: 1 } });
          return { number, since: 1 };
        }),
      claims: () => ask('claims', () => [...this.offered].reverse()),
      presence: () => ask('presence', () => ({ presence: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', expiresAt: 60_000 })),
      delegate: ({ beneficiaryIndex, agreed, until }) =>
        ask('delegate', () => {
          const made = { id: `del_${this.delegations.length + 1}`, beneficiaryIndex, agreed, until, madeAt: 1 };
          this.delegations.push({ ...made, revokedAt: null });
          return { ...made, revokedAt: null };
        }),
      delegations: () => ask('delegations', () => ({ given: this.delegations, received: this.delegations })),
      revokeDelegation: () => ask('undelegate', () => {}),
      reportLoss: () =>
        ask('lost', () => {
          const known = card();
          if (known === undefined || !('number' in known.standing)) return;
          const { activationId, number } = known.standing;
          const standing = { state: 'revoked', activationId, number, since: 1, why: 'lost', wipe: 'queued' } as const;
          this.cards.set(key, { ...known, standing });
        }),
      wiped: () =>
        ask('wiped', () => {
          const known = card();
          if (known !== undefined) this.cards.set(key, { ...known, wiped: true });
        }),
    };
    return link as PhoneLink;
  }

  /** How many activations are active. */
  get active(): number {
    return [...this.cards.values()].filter(({ standing }) => standing.state === 'active').length;
  }
}

/** The line goes dead at the n-th call, before it or after it was carried out. */
export function deadAt(issuer: IssuerDouble, place: number, when: 'before' | 'after'): { calls: () => number } {
  let calls = 0;
  issuer[when] = () => {
    if (calls++ === place) throw new IssuerUnreachable('the line is dead');
  };
  return { calls: () => calls };
}

/** What the issuer signs for the offline QR code. */
function credentialOf(activation: number): NonNullable<PersonalisationJob['credential']> {
  const { affiliation, beneficiaries: people } = CONTENT;
  const privateKey = testPrivateKey(crypto, 'P-256', 'issuer of the phones');
  const signer = { publicKey: crypto.publicKey('P-256', privateKey), sign: softwareSigner(crypto, privateKey) };
  const issuedAt = Math.floor(Date.now() / 1000);
  const status = { uri: 'https://issuer.test/v1/status/token-list', index: activation };
  const common = { activation, affiliation, people, issuer: 'https://issuer.test', status };
  return ({ holder }) =>
    issueInnerCwt({ ...common, issuedAt, expires: issuedAt + 86_400, holderKey: holder }, signer, crypto);
}
