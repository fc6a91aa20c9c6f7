import { encode } from 'uqr';
import type {
  ActivationAnswer,
  CredentialRequest,
  CredentialView,
  DelegateRequest,
  DelegationsView,
  IdentityAnswer,
  IdentityView,
  PhoneView,
  ShownDelegation,
  ShownInvoice,
  ShownQr,
} from '../../../../rig/life/pages/phone/view.ts';
import type { PhoneActs } from '../../../../rig/life/phone/page-routes.ts';
import { WebRefusal } from '../../../../rig/web/refusal.ts';

/** What the double's QR codes say. */
export const PRESENCE_TEXT = 'VITAP:PRESENCE:0123456789ABCDEFGHIJKLMNOPQRSTUV';
export const OFFLINE_TEXT: string = `HC1:${'6BF+70790T9WJWG.FKY*4GO0'.repeat(45)}`;
export const DOUBLE_CAN = '161803';
export const DOUBLE_PUK = '40817263';
export const DOUBLE_TICKET = 'TICKET-1';
export const DOUBLE_FLOW: string = 'F'.repeat(43);
export const DOUBLE_TX_CODE = '730915';
const PROVIDER = 'http://127.0.0.1:8630';
const REQUEST_MS = 600_000;
const WHOLE_MS = 60_000;

/** A phone without a card, for the page alone: it knows one code, and time passes when a test says so. */
export class PhoneDouble implements PhoneActs {
  life: PhoneView['life'] = 'active';
  code = '583104';
  triesLeft: number = 3;
  /** What a code on the screen has left. */
  qrMs: number = WHOLE_MS;
  windowMs = 0;
  pukDue = false;
  given: readonly ShownDelegation[] = [];
  syncedAt: string | null = null;
  activation: PhoneView['activation'] = 'none';
  /** Null: a phone without an identity provider. */
  identity: IdentityView['at'] | null = null;
  held: CredentialView = { state: 'none', expiresAt: null };
  readonly heard: string[] = [];

  async view(): Promise<PhoneView> {
    const { life, windowMs, syncedAt } = this;
    return {
      life,
      antenna: true,
      triesLeft: life === 'active' ? this.triesLeft : null,
      pukDue: this.pukDue,
      window: windowMs > 0 ? { remainingMs: windowMs, wholeMs: WHOLE_MS, uses: 1, can: DOUBLE_CAN } : null,
      syncedAt,
      endedBecause: life === 'revoked' ? 'replaced' : null,
      activation: this.activation,
      identity: this.#identityView(),
      credential: life === 'active' ? this.held : null,
    };
  }

  #identityView(): IdentityView | null {
    const at = this.identity;
    if (at === null) return null;
    const address = at === 'asked' ? `${PROVIDER}/authorize?response_type=vp_token` : null;
    return { provider: PROVIDER, at, address, remainingMs: at === 'none' ? 0 : REQUEST_MS, wholeMs: REQUEST_MS };
  }

  async activate({ ticket }: { ticket: string | null }): Promise<ActivationAnswer> {
    this.heard.push(`activate ${ticket}`);
    if (ticket !== DOUBLE_TICKET && this.identity !== 'presented')
      throw new WebRefusal('issuer-ticket-malformed', 'this is no ticket of an identity or of an application', 422);
    this.activation = 'code';
    return { at: 'code' };
  }

  async chooseCode({ newCode }: { newCode: string }): Promise<ActivationAnswer> {
    if (this.activation !== 'code') throw new WebRefusal('no-activation', 'no activation waits for a code', 409);
    refuseWeak(newCode);
    this.code = newCode;
    this.life = 'active';
    this.pukDue = true;
    this.activation = 'none';
    return { at: 'active', puk: DOUBLE_PUK };
  }

  async leaveActivation(): Promise<void> {
    this.activation = 'none';
    this.life = 'pending';
  }

  async askIdentity(page: string): Promise<void> {
    this.heard.push(`identity for ${page}`);
    this.identity = 'asked';
  }

  async identityAnswered({ flow, responseCode, refused }: IdentityAnswer): Promise<void> {
    if (flow !== DOUBLE_FLOW || this.identity !== 'asked')
      throw new WebRefusal('identity-unknown', 'this phone waits for no such answer', 409);
    this.identity = refused || responseCode === null ? 'refused' : 'presented';
  }

  async forgetIdentity(): Promise<void> {
    this.identity = 'none';
  }

  async credential({ code, txCode }: CredentialRequest): Promise<void> {
    this.#judge(code);
    if (txCode !== DOUBLE_TX_CODE)
      throw new WebRefusal('issuer-transaction-code-wrong', 'the transaction code is wrong', 422);
    this.held = { state: 'current', expiresAt: '2026-12-29T10:00:00.000Z' };
  }

  async puk({ code }: { code: string }): Promise<string | null> {
    this.#judge(code);
    return this.pukDue ? DOUBLE_PUK : null;
  }

  async delegations(): Promise<DelegationsView> {
    return { key: 'K'.repeat(43), given: this.given, received: [] };
  }

  async delegate({ code, delegateKey, beneficiaryIndex, days }: DelegateRequest): Promise<void> {
    this.#judge(code);
    this.heard.push(`delegate ${delegateKey} ${beneficiaryIndex} ${days}`);
    const until = '2026-12-06T10:00:00.000Z';
    this.given = [{ id: 'del_1', beneficiaryIndex, until, endedAt: null }];
  }

  async undelegate(id: string): Promise<void> {
    this.given = this.given.map((each) => (each.id === id ? { ...each, endedAt: '2026-11-29T10:00:00.000Z' } : each));
  }

  async pukNoted(): Promise<void> {
    this.pukDue = false;
  }

  async anotherOffer(): Promise<void> {
    if (this.held.state !== 'none')
      throw new WebRefusal('issuer-offer-open', 'an offer is open: use its transaction code', 422);
    this.held = { state: 'offered', expiresAt: null };
  }

  async unblock({ puk, newCode }: { puk: string; newCode: string }): Promise<void> {
    if (puk !== DOUBLE_PUK) throw new WebRefusal('wrong-puk', 'the PUK is wrong', 422);
    refuseWeak(newCode);
    this.code = newCode;
    this.triesLeft = 3;
  }

  async openWindow({ code }: { code: string }): Promise<void> {
    this.#judge(code);
    this.windowMs = WHOLE_MS;
  }

  async closeWindow(): Promise<void> {
    this.windowMs = 0;
  }

  async qr({ kind, code }: { kind: 'presence' | 'offline'; code: string }): Promise<ShownQr> {
    this.#judge(code);
    const { data, size } = encode(kind === 'presence' ? PRESENCE_TEXT : OFFLINE_TEXT, { ecc: 'L', border: 0 });
    const rows = data.map((row) => row.map((dark) => (dark ? '1' : '0')).join(''));
    return { kind, size, rows, remainingMs: this.qrMs, wholeMs: WHOLE_MS };
  }

  async invoices({ code }: { code: string }): Promise<readonly ShownInvoice[]> {
    this.#judge(code);
    return [
      {
        date: '20260312',
        professional: 'CENTRE DU LAC D’ANNECY',
        beneficiaryIndex: 1,
        total: 123_456,
        amo: 74_074,
        amc: 40_000,
        patient: 9382,
        thirdParty: true,
        status: 'paid',
      },
    ];
  }

  async changeCode({ code, newCode }: { code: string; newCode: string }): Promise<void> {
    this.#judge(code);
    refuseWeak(newCode);
    this.code = newCode;
  }

  async sync({ code }: { code: string | null }): Promise<void> {
    if (code !== null) {
      this.#judge(code);
      this.held = { state: 'current', expiresAt: '2027-01-28T10:00:00.000Z' };
    }
    this.syncedAt = '2026-11-29T10:00:00Z';
  }

  #judge(code: string): void {
    if (this.triesLeft === 0) throw new WebRefusal('blocked-code', 'the code is blocked', 422);
    if (code !== this.code) {
      this.triesLeft--;
      throw new WebRefusal('wrong-code', 'the code is wrong', 422);
    }
    this.triesLeft = 3;
  }
}

function refuseWeak(code: string): void {
  if (/^(\d)\1{5}$/.test(code))
    throw new WebRefusal('weak-code-six-equal', 'this code is refused: six equal digits are guessed first', 422);
  if ('0123456789 9876543210'.includes(code))
    throw new WebRefusal(
      'weak-code-running',
      'this code is refused: digits that run up or down are guessed first',
      422,
    );
}
