import type { LinkEvent } from '../../../src/hal/card-link.ts';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { systemRandom } from '../../../src/hal/system/random.ts';
import { describeFailure, UsageError } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { type LinkChoice, linkDriver } from '../../endpoint/links.ts';
import { openLink } from '../../endpoint/open-link.ts';
import { pageFolder } from '../../web/page-files.ts';
import { type RefusalAnswer, WebRefusal } from '../../web/refusal.ts';
import { servePage } from '../../web/serve-page.ts';
import { IssuerRefused } from '../api/issuer-refused.ts';
import type { Disclosed } from '../api/wire.ts';
import { makeOfflineQr, OFFLINE_SECONDS, TOKEN_ID_LENGTH } from '../credential/offline-qr.ts';
import { presenceQrText } from '../credential/presence-qr.ts';
import { qrRows } from '../credential/qr-picture.ts';
import type {
  ActivationAnswer,
  ActivationRequest,
  PhoneView as PageView,
  QrKind,
  ShownQr,
} from '../pages/phone/view.ts';
import type { Activated } from './activation.ts';
import { issuerAt, phoneFolder, withPhoneIn } from './at-the-phone.ts';
import { listenForHolder } from './holder-socket.ts';
import type { IssuerConnection } from './issuer-connection.ts';
import type { AskingIssuer, PhoneOptions } from './options.ts';
import { addPhoneRoutes, type PhoneActs } from './page-routes.ts';
import type { Phone } from './phone.ts';
import { WindowWatch } from './present.ts';
import { PhoneRefusal } from './refusals.ts';

export interface PhoneServeOptions extends PhoneOptions, AskingIssuer {
  /** Null: that of the activation that was begun. */
  readonly issuer: string | null;
  /** Where the card is held to a reader; null: QR codes alone. */
  readonly link: LinkChoice | null;
  readonly test: boolean;
  readonly port: number;
}

/** What the page's consent to a presence names. */
const AGREED: readonly Disclosed[] = ['insured', 'affiliation', 'beneficiaries', 'rights'];
const QR_MS = 1000 * OFFLINE_SECONDS;
/** Beyond the time for one answer of the issuer. */
const ANSWER_MS = 30_000;
/** How long an activation waits for another code. */
const PATIENCE_MS = 600_000;

/** `vitap phone serve`: the phone as a web page on loopback. */
export function phoneServe(options: PhoneServeOptions, io: CommandIo): Promise<ExitCode> {
  return withPhoneIn(phoneFolder(options.folder, io.env), io, async (phone) => {
    const acts = new PhonePage(phone, options, io);
    const stopListening = await listenForHolder(phone, (wish) => {
      if (wish === 'unlock') void acts.present().catch(() => {});
    });
    try {
      return await servePage(
        {
          folder: pageFolder('phone'),
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
  #activation: Promise<Activated> | null = null;
  /** Takes the next code of an activation whose last one was weak. */
  #nextCode: ((code: Uint8Array) => void) | null = null;
  #weak: (refused: PhoneRefusal) => void = () => {};

  constructor(phone: Phone, options: PhoneServeOptions, io: CommandIo) {
    this.#phone = phone;
    this.#options = options;
    this.#io = io;
  }

  async view(): Promise<PageView> {
    const { life, triesLeft, window, can, syncedAt, endedBecause } = this.#phone.view();
    // An act that needs the code opens the card's window for its own moment: that is no presentation.
    const shown = this.#presented && window !== null && can !== null ? { ...window, can } : null;
    if (window === null) this.#presented = this.#presented && this.#stopLink !== null;
    return {
      life,
      antenna: this.#options.link !== null,
      triesLeft,
      window: shown,
      syncedAt: syncedAt === null ? null : new Date(syncedAt).toISOString(),
      endedBecause,
    };
  }

  /** The code is chosen while the issuer waits: a weak one is refused, and the next request brings another. */
  async activate({ ticket, newCode }: ActivationRequest): Promise<ActivationAnswer> {
    const code = digits(newCode);
    const weak = new Promise<never>((_resolve, reject) => {
      this.#weak = reject;
    });
    weak.catch(() => {});
    if (this.#nextCode !== null) {
      const give = this.#nextCode;
      this.#nextCode = null;
      give(code);
    } else if (this.#activation === null) {
      const order = { ticket, issuer: this.#issuer(), test: this.#options.test };
      this.#activation = this.#phone.activate({
        ...order,
        newCode: async (refused) => (refused === null ? code : this.#anotherCode(refused)),
      });
      const over = (): void => {
        this.#activation = null;
        this.#nextCode = null;
      };
      this.#activation.then(over, over);
    } else {
      code.fill(0);
      throw new WebRefusal('busy', 'the activation is under way', 409);
    }
    const { puk } = await Promise.race([this.#activation as Promise<Activated>, weak]);
    return { puk };
  }

  #anotherCode(refused: PhoneRefusal): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(refused), PATIENCE_MS);
      timer.unref();
      this.#nextCode = (code) => {
        clearTimeout(timer);
        resolve(code);
      };
      this.#weak(refused);
    });
  }

  openWindow({ code }: { readonly code: string }): Promise<void> {
    return this.#alone(async () => {
      const typed = digits(code);
      if (this.#options.link === null)
        throw new WebRefusal('no-link', 'this phone has no antenna: --link gives it one', 409);
      await this.present(() => this.#phone.unlock(typed));
    });
  }

  closeWindow(): Promise<void> {
    return this.#alone(async () => {
      this.#phone.lock();
      this.#stopLink?.();
    });
  }

  /** Puts the card on the link until its window has closed. @param unlock once the link is there */
  async present(unlock: () => void = () => {}): Promise<void> {
    const { link: choice } = this.#options;
    if (choice === null) return;
    if (this.#stopLink !== null) {
      unlock();
      return;
    }
    const cardInterface = linkDriver(choice).interface ?? 'contactless';
    const { card } = this.#phone;
    const link = await openLink(choice, cardInterface, false);
    try {
      unlock();
    } catch (error) {
      link.stop();
      throw error;
    }
    this.#presented = true;
    this.#stopLink = () => link.stop();
    const watch = new WindowWatch(
      this.#phone,
      () => {},
      () => link.stop(),
    );
    const events = (event: LinkEvent): void => watch.link(event);
    link
      .serve(card.port(cardInterface, link.limits), events)
      .catch((error: unknown) => this.#io.stderr(`${describeFailure(error).sentences.join('; ')}\n`))
      .finally(() => {
        watch.end();
        this.#stopLink = null;
        this.#presented = false;
        if (this.#phone.view().life === 'active') this.#phone.lock();
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

  sync(): Promise<void> {
    return this.#alone(async () => {
      await this.#phone.sync(this.#issuer());
    });
  }

  /** Takes the card off the link. */
  end(): void {
    this.#stopLink?.();
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

/** What stops the phone's acts, as the page is told. A weak code and the issuer's refusal have their reason in the code. */
export function phoneRefusal(error: unknown): RefusalAnswer | null {
  if (error instanceof PhoneRefusal) {
    const { code, reason, cause, message } = error;
    const status = error.exitCode === EXIT.fail ? 422 : 409;
    if (reason !== null) return { status, code: `${code}-${reason}`, message };
    if (cause instanceof IssuerRefused) return { status, code: `issuer-${cause.code}`, message: cause.message };
    return { status, code, message };
  }
  const { kind, sentences } = describeFailure(error);
  return kind === 'fault' ? null : { status: 409, code: kind, message: sentences.join('; ') };
}
