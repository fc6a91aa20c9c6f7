import type { LinkEvent } from '../../../src/hal/card-link.ts';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { systemRandom } from '../../../src/hal/system/random.ts';
import { describeFailure, UsageError } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { type LinkChoice, linkDriver } from '../../endpoint/links.ts';
import { openLink } from '../../endpoint/open-link.ts';
import type { FetchLimits } from '../../web/limited-fetch.ts';
import { pageFolder } from '../../web/page-files.ts';
import { type RefusalAnswer, WebRefusal } from '../../web/refusal.ts';
import { servePage } from '../../web/serve-page.ts';
import { IssuerRefused } from '../api/issuer-refused.ts';
import type { Delegation, Disclosed } from '../api/wire.ts';
import { makeOfflineQr, OFFLINE_SECONDS, TOKEN_ID_LENGTH } from '../credential/offline-qr.ts';
import { presenceQrText } from '../credential/presence-qr.ts';
import { qrRows } from '../credential/qr-picture.ts';
import { OpenIdRefused } from '../identity/client/openid-call.ts';
import {
  type ActivationAnswer,
  type ActivationRequest,
  type CodeRequest,
  type CredentialRequest,
  type CredentialView,
  type DelegateRequest,
  type DelegationsView,
  type IdentityAnswer,
  type NewCodeRequest,
  type PhoneView as PageView,
  type QrKind,
  RETURNED_PATH,
  type ShownDelegation,
  type ShownQr,
  type SyncRequest,
} from '../pages/phone/view.ts';
import { issuerAt, phoneFolder, withPhoneIn } from './at-the-phone.ts';
import { askAnotherOffer, credentialState, fetchCredential } from './card-credential.ts';
import { listenForHolder } from './holder-socket.ts';
import type { IssuerConnection } from './issuer-connection.ts';
import type { AskingIssuer, PhoneOptions } from './options.ts';
import { PageActivation } from './page-activation.ts';
import { PageIdentity } from './page-identity.ts';
import { addPhoneRoutes, type PhoneActs } from './page-routes.ts';
import type { Phone } from './phone.ts';
import type { CredentialNote } from './phone-state.ts';
import { Opening, WindowWatch } from './present.ts';
import { PhoneRefusal } from './refusals.ts';

export interface PhoneServeOptions extends PhoneOptions, AskingIssuer {
  /** Null: that of the activation that was begun. */
  readonly issuer: string | null;
  /** Origin of the identity provider at which a person agrees; null: an activation takes a ticket. */
  readonly identity: string | null;
  /** Where the card is held to a reader; null: QR codes alone. */
  readonly link: LinkChoice | null;
  readonly test: boolean;
  readonly port: number;
}

/** What the page's consent to a presence names. */
const AGREED: readonly Disclosed[] = ['insured', 'affiliation', 'beneficiaries', 'rights'];
const DAY_MS = 86_400_000;
const QR_MS = 1000 * OFFLINE_SECONDS;
/** Beyond the time for one answer of the issuer. */
const ANSWER_MS = 30_000;

/** `vitap phone serve`: the phone as a web page on loopback. */
export function phoneServe(options: PhoneServeOptions, io: CommandIo): Promise<ExitCode> {
  return withPhoneIn(phoneFolder(options.folder, io.env), io, async (phone) => {
    const acts = new PhonePage(phone, options, io);
    const stopListening = await listenForHolder(phone, (wish) => {
      if (wish === 'unlock') void acts.present(null).catch(() => {});
    });
    try {
      return await servePage(
        {
          folder: pageFolder('phone'),
          at: [RETURNED_PATH],
          what: 'the phone',
          port: options.port,
          answerMs: ANSWER_MS + options.timeoutMs,
          routes: (app) => addPhoneRoutes(app, acts),
          refusalOf: phoneRefusal,
        },
        io,
      );
    } finally {
      acts.end();
      await stopListening();
    }
  });
}

/** The acts of the page on a phone, one at a time: there is one card. */
export class PhonePage implements PhoneActs {
  readonly #phone: Phone;
  readonly #options: PhoneServeOptions;
  readonly #io: CommandIo;
  #last: Promise<unknown> = Promise.resolve();
  #presented = false;
  #stopLink: (() => void) | null = null;
  readonly #activation: PageActivation;
  readonly #identity: PageIdentity;

  constructor(phone: Phone, options: PhoneServeOptions, io: CommandIo) {
    this.#phone = phone;
    this.#options = options;
    this.#io = io;
    this.#activation = new PageActivation(phone);
    this.#identity = new PageIdentity(options.identity);
  }

  async view(): Promise<PageView> {
    const { life, triesLeft, window, can, syncedAt, endedBecause, pukDue } = this.#phone.view();
    // An act that needs the code opens the card's window for its own moment: that is no presentation.
    const shown = this.#presented && window !== null && can !== null ? { ...window, can } : null;
    if (window === null) this.#presented = this.#presented && this.#stopLink !== null;
    return {
      life,
      antenna: this.#options.link !== null,
      triesLeft,
      pukDue,
      window: shown,
      syncedAt: syncedAt === null ? null : new Date(syncedAt).toISOString(),
      endedBecause,
      activation: this.#activation.at,
      identity: this.#identity.view(),
      credential: life === 'active' ? credentialView(this.#phone.credentialNote) : null,
    };
  }

  async activate({ ticket }: ActivationRequest): Promise<ActivationAnswer> {
    const identity = this.#identity;
    try {
      return await this.#activation.begin({
        issuer: this.#issuer(),
        test: this.#options.test,
        ticket: async () => {
          const right = ticket ?? identity.ticket();
          if (right !== null) return right;
          throw new WebRefusal('proof-needed', 'the issuer asks who you are: an identity or a ticket is needed', 409);
        },
        onEnrolled: () => identity.forget(),
      });
    } catch (error) {
      // What the issuer has judged counts no more; what it may not have heard, or does not spend, may be sent again.
      const judged = error instanceof PhoneRefusal && error.cause instanceof IssuerRefused ? error.cause.code : null;
      if (judged !== null && judged !== 'department-closed') identity.forget();
      throw error;
    }
  }

  async chooseCode({ newCode }: NewCodeRequest): Promise<ActivationAnswer> {
    return this.#activation.choose(digits(newCode));
  }

  async leaveActivation(): Promise<void> {
    this.#activation.giveUp();
  }

  askIdentity(page: string): Promise<void> {
    return this.#identity.ask({ issuer: this.#issuer().origin, page }, this.#limits);
  }

  async identityAnswered(answer: IdentityAnswer): Promise<void> {
    this.#identity.answered(answer);
  }

  async forgetIdentity(): Promise<void> {
    this.#identity.forget();
  }

  openWindow({ code }: { readonly code: string }): Promise<void> {
    return this.#alone(async () => {
      const typed = digits(code);
      if (this.#options.link === null)
        throw new WebRefusal('no-link', 'this phone has no antenna: --link gives it one', 409);
      await this.present(new Opening(this.#phone, typed));
    });
  }

  closeWindow(): Promise<void> {
    return this.#alone(async () => {
      this.#phone.lock();
      this.#stopLink?.();
    });
  }

  /**
   * Puts the card on the link until its window has closed; returns when the reader is there.
   * @param opening opens the window then; null: it is open
   * @throws {HalError} the reader is not there; {WebRefusal} `busy` another card is in it
   */
  async present(opening: Opening | null): Promise<void> {
    const { link: choice } = this.#options;
    if (choice === null) return;
    if (this.#stopLink !== null) {
      opening?.now();
      return;
    }
    const cardInterface = linkDriver(choice).interface ?? 'contactless';
    const { card } = this.#phone;
    const link = await openLink(choice, cardInterface, false);
    this.#stopLink = () => link.stop();
    let watch: WindowWatch | null = null;
    await new Promise<void>((there, failed) => {
      const events = (event: LinkEvent): void => {
        if (event.type === 'attached' && watch === null) {
          opening?.now();
          this.#presented = true;
          watch = new WindowWatch(
            this.#phone,
            () => {},
            () => link.stop(),
          );
          there();
        }
        if (event.type === 'waiting' && watch === null) {
          failed(new WebRefusal('busy', 'the reader says nothing: another card may be in it', 409));
          link.stop();
        }
        watch?.link(event);
      };
      link
        .serve(card.port(cardInterface, link.limits), events)
        .then(there, (error: unknown) => {
          if (watch !== null) this.#io.stderr(`${describeFailure(error).sentences.join('; ')}\n`);
          failed(error);
        })
        .finally(() => {
          watch?.end();
          opening?.drop();
          this.#stopLink = null;
          this.#presented = false;
          if (this.#phone.view().life === 'active') this.#phone.lock();
        });
    });
  }

  qr({ kind, code }: { readonly kind: QrKind; readonly code: string }): Promise<ShownQr> {
    return this.#alone(async () => {
      const typed = digits(code);
      const { text, expiresAt } = await (kind === 'presence' ? this.#presence(typed) : this.#offline(typed));
      const rows = qrRows(text);
      return {
        kind,
        size: rows.length,
        rows,
        remainingMs: Math.max(0, Math.min(QR_MS, expiresAt - Date.now())),
        wholeMs: QR_MS,
      };
    });
  }

  async #presence(code: Uint8Array): Promise<{ text: string; expiresAt: number }> {
    const { presence, expiresAt } = await this.#phone.presence(code, AGREED, this.#issuer());
    return { text: presenceQrText(presence), expiresAt };
  }

  #offline(code: Uint8Array): Promise<{ text: string; expiresAt: number }> {
    return this.#phone.withCredential(code, async (innerCwt, sign) => {
      const tokenId = new Uint8Array(TOKEN_ID_LENGTH);
      systemRandom.fill(tokenId, 0, tokenId.length);
      const now = Math.floor(Date.now() / 1000);
      const text = await makeOfflineQr({ innerCwt, now, tokenId }, sign, nobleCrypto());
      return { text, expiresAt: 1000 * now + QR_MS };
    });
  }

  invoices({ code }: { readonly code: string }): ReturnType<PhoneActs['invoices']> {
    return this.#alone(async () =>
      (await this.#phone.invoices(digits(code))).map((invoice) => {
        const {
          date,
          professionalName: professional,
          beneficiaryIndex,
          total,
          amo,
          amc,
          patient,
          thirdParty,
          status,
        } = invoice;
        return { date, professional, beneficiaryIndex, total, amo, amc, patient, thirdParty, status };
      }),
    );
  }

  changeCode({ code, newCode }: { readonly code: string; readonly newCode: string }): Promise<void> {
    return this.#alone(() => this.#phone.changeCode(digits(code), digits(newCode), this.#options.test));
  }

  unblock({ puk, newCode }: { readonly puk: string; readonly newCode: string }): Promise<void> {
    return this.#alone(() => this.#phone.unblock(digits(puk), digits(newCode), this.#options.test));
  }

  /** With the code, claims that a counter has written are not written again, and a credential that is due is renewed. */
  sync({ code }: SyncRequest): Promise<void> {
    return this.#alone(async () => {
      const phone = this.#phone;
      const onCard = code === null ? undefined : () => phone.invoices(digits(code));
      const { life } = await phone.sync(this.#issuer(), onCard);
      if (life !== 'active' || code === null || credentialState(phone.credentialNote, Date.now()) !== 'due') return;
      await fetchCredential(phone, digits(code), '', this.#limits);
    });
  }

  puk({ code }: CodeRequest): Promise<string | null> {
    return this.#alone(() => this.#phone.puk(digits(code)));
  }

  pukNoted(): Promise<void> {
    return this.#alone(async () => this.#phone.pukNoted());
  }

  delegations(): Promise<DelegationsView> {
    return this.#alone(async () => {
      const { given, received } = await this.#phone.delegations(this.#issuer());
      return {
        key: this.#phone.deviceThumbprint,
        given: given.map(shownDelegation),
        received: received.map(shownDelegation),
      };
    });
  }

  delegate({ code, delegateKey, beneficiaryIndex, days }: DelegateRequest): Promise<void> {
    return this.#alone(async () => {
      const order = { delegateKey, beneficiaryIndex, agreed: AGREED, until: Date.now() + days * DAY_MS };
      await this.#phone.delegate(digits(code), order, this.#issuer());
    });
  }

  undelegate(id: string): Promise<void> {
    return this.#alone(() => this.#phone.undelegate(id, this.#issuer()));
  }

  anotherOffer(): Promise<void> {
    return this.#alone(() => askAnotherOffer(this.#phone, this.#issuer()));
  }

  credential({ code, txCode }: CredentialRequest): Promise<void> {
    return this.#alone(async () => {
      await fetchCredential(this.#phone, digits(code), txCode ?? '', this.#limits);
    });
  }

  /** Takes the card off the link. */
  end(): void {
    this.#stopLink?.();
  }

  get #limits(): FetchLimits {
    return { timeoutMs: this.#options.timeoutMs, signal: this.#io.signal };
  }

  #issuer(): IssuerConnection {
    const address = this.#options.issuer ?? this.#phone.view().issuer;
    if (address === null) throw new UsageError('which issuer? --issuer names its address');
    return issuerAt(address, this.#options.timeoutMs, this.#io);
  }

  #alone<T>(act: () => Promise<T>): Promise<T> {
    const next = this.#last.then(act);
    this.#last = next.catch(() => {});
    return next;
  }
}

/** What was typed, as bytes that whoever takes them overwrites. */
function digits(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function shownDelegation({ id, beneficiaryIndex, until, revokedAt }: Delegation): ShownDelegation {
  const ended = revokedAt ?? (until <= Date.now() ? until : null);
  return {
    id,
    beneficiaryIndex,
    until: new Date(until).toISOString(),
    endedAt: ended === null ? null : new Date(ended).toISOString(),
  };
}

function credentialView(note: CredentialNote | null): CredentialView {
  const expiresAt = note?.expiresAt ?? null;
  return {
    state: credentialState(note, Date.now()),
    expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
  };
}

/** What stops the phone's acts, as the page is told. A weak code and the issuer's refusal have their reason in the code. */
export function phoneRefusal(error: unknown): RefusalAnswer | null {
  if (error instanceof PhoneRefusal) {
    const { code, reason, cause, message } = error;
    const status = error.exitCode === EXIT.fail ? 422 : 409;
    if (reason !== null) return { status, code: `${code}-${reason}`, message };
    if (cause instanceof IssuerRefused || cause instanceof OpenIdRefused)
      return { status, code: `issuer-${cause.code}`, message: cause.message };
    return { status, code, message };
  }
  const { kind, sentences } = describeFailure(error);
  return kind === 'fault' ? null : { status: 409, code: kind, message: sentences.join('; ') };
}
