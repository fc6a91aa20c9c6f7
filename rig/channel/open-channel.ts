import { sameBytes } from '../../src/apdu/same-bytes.ts';
import type { Clock } from '../../src/hal/clock.ts';
import type { Crypto } from '../../src/hal/crypto.ts';
import type { Random } from '../../src/hal/random.ts';
import type { CardSession, Exchange } from '../../src/hal/reader.ts';
import {
  ChannelError,
  type KeyPair,
  type Mapping,
  type PaceTerminal,
  type PasswordName,
  parseAuthorization,
  parseSecurityInfos,
  provesStaticKey,
  randomKeyPair,
  rightsOf,
  type SecurityInfo,
  type SessionKeys,
} from '../../src/secure-channel/index.ts';
import { referenceText } from '../pki/reference.ts';
import type { TerminalKeys } from '../pki/terminal-keys.ts';
import { ChannelFailure } from './channel-failure.ts';
import {
  type ChosenChipAuthentication,
  chipPublicKey,
  chooseChipAuthentication,
  runChipAuthentication,
} from './chip-authentication.ts';
import { type ChannelPassword, type ChosenPace, choosePace, runPace } from './pace.ts';
import { type ProtectedExchange, ProtectedSession } from './protected-session.ts';
import { EF_CARD_ACCESS, EF_CARD_SECURITY, readSecurityFile, type SecurityFile } from './security-file.ts';
import { runTerminalAuthentication } from './terminal-authentication.ts';
import { type CardAnswer, wholeAnswer } from './whole-answer.ts';

/** What the opening does, in this order; terminal and chip authentication only with a terminal's keys. */
export const CHANNEL_STEPS = [
  'EF.CardAccess',
  'PACE',
  'terminal authentication',
  'EF.CardSecurity',
  'chip authentication',
] as const;
export type ChannelStep = (typeof CHANNEL_STEPS)[number];

/** What EF.CardSecurity says, and who vouches for it. */
export interface CardSecurity {
  readonly infos: readonly SecurityInfo[];
  /** The signer, for a person; null: it was not checked under any certificate that the bench believes. */
  readonly signer: string | null;
}

export interface ChannelRequest {
  readonly crypto: Crypto;
  readonly random: Random;
  readonly clock: Pick<Clock, 'nowNs'>;
  readonly password: ChannelPassword;
  /** Null: PACE alone. */
  readonly terminal: TerminalKeys | null;
  /** Value of object 67, which terminal authentication signs. */
  readonly auxiliaryData?: Uint8Array;
  /** Reads the signed EF.CardSecurity. @throws {ChannelFailure} `not-genuine`, `damaged` */
  readonly readCardSecurity: (content: Uint8Array) => CardSecurity | Promise<CardSecurity>;
  /** A mapping to take where the card offers it; absent: the card's first. */
  readonly mapping?: Mapping;
  readonly signal?: AbortSignal;
  /** Told of every command, plain, and of the exchange that carried it. */
  readonly onExchange?: (step: ChannelStep, command: Uint8Array, exchange: Exchange | ProtectedExchange) => void;
  /** Told of the keys of each session before they are wiped; copies what it keeps. */
  readonly onKeys?: (step: 'PACE' | 'chip authentication', keys: SessionKeys) => void;
  /**
   * Works inside the channel after terminal authentication, before EF.CardSecurity is read: for the issuer, who writes
   * that file. The current DF is the MF before it; whatever it selects, the MF is selected after it.
   */
  readonly beforeChip?: (session: CardSession) => Promise<void>;
}

/** How the channel was opened, for people and reports. It holds no secret. */
export interface ChannelAccount extends ChosenPace {
  readonly password: PasswordName;
  /** MSE:Set AT's status word: 9000, or 63Cx with tries left. */
  readonly passwordStatus: number;
  /** Null without terminal authentication. */
  readonly terminal: {
    readonly name: string;
    /** Holders of the certificates that were sent. */
    readonly chain: readonly string[];
    readonly rights: readonly string[];
  } | null;
  /** How the chip proved its own key; null: it did not, and may be a copy. */
  readonly chip: {
    readonly by: 'chip authentication' | 'chip authentication mapping';
    readonly signer: string | null;
  } | null;
}

export interface OpenChannel {
  readonly session: ProtectedSession;
  readonly account: ChannelAccount;
  /** What each step took, in their order. */
  readonly steps: readonly StepTimes[];
}

/** One step of the opening: from its first command to the first of the next step. */
export interface StepTimes {
  readonly step: ChannelStep;
  readonly exchanges: number;
  /** Bytes on the wire. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Exchanges with the card, in nanoseconds. */
  readonly cardNs: number;
  /** All of it, this program's own computing included. */
  readonly tookNs: number;
}

/**
 * Opens a channel over a session with a card: EF.CardAccess, PACE, and with a terminal's keys terminal and chip
 * authentication. Over a session that is protected already (the PIN after the CAN) everything goes through that
 * channel, and its last try may be used.
 *
 * The card's session stays the caller's: after a failure nothing of the keys is left, and the card's own state ends with
 * the next plain command or a reset.
 * @throws {ChannelFailure} {HalError} whatever ended the session; the signal's reason
 */
export async function openChannel(card: CardSession, request: ChannelRequest): Promise<OpenChannel> {
  return new Opening(card, request).run();
}

/**
 * Whether a card says in EF.CardAccess that it has PACE, for whoever has no code; selects the MF.
 * @throws {HalError}
 */
export async function offersPace(send: (command: Uint8Array) => Promise<CardAnswer>): Promise<boolean> {
  await send(SELECT_MF);
  try {
    const content = await readSecurityFile(send, EF_CARD_ACCESS);
    return content !== null && parsed(EF_CARD_ACCESS, content).some(({ kind }) => kind === 'pace');
  } catch (error) {
    if (error instanceof ChannelFailure) return false;
    throw error;
  }
}

const SELECT_MF: Uint8Array = Uint8Array.of(0x00, 0xa4, 0x00, 0x0c, 0x02, 0x3f, 0x00);

class Opening {
  readonly #card: CardSession;
  readonly #request: ChannelRequest;
  /** Where commands go: the card in clear, then the channel. */
  #session: CardSession;
  #step: ChannelStep = 'EF.CardAccess';
  readonly #steps: {
    step: ChannelStep;
    exchanges: number;
    sentBytes: number;
    receivedBytes: number;
    cardNs: number;
    tookNs: number;
  }[] = [];
  #stepStartNs = 0;

  constructor(card: CardSession, request: ChannelRequest) {
    this.#card = card;
    this.#session = card;
    this.#request = request;
  }

  async run(): Promise<OpenChannel> {
    const { clock, terminal } = this.#request;
    const access = await this.#cardAccess();
    const pace = choosePace(access, this.#preferred);
    const machine = await this.#pace(pace);
    const session = new ProtectedSession(below(this.#card), machine.takeSession(), clock);
    if (this.#card instanceof ProtectedSession) this.#card.leave();
    this.#session = session;
    try {
      const authenticated = terminal === null ? null : await this.#terminalAndChip(access, machine, terminal, session);
      const chip = authenticated?.chip ?? (await this.#mappedChip(pace, access, machine));
      const account: ChannelAccount = {
        ...pace,
        password: this.#request.password.name,
        passwordStatus: machine.passwordStatus,
        terminal: authenticated?.terminal ?? null,
        chip,
      };
      this.#enter(null);
      return { session, account, steps: this.#steps };
    } catch (error) {
      session.leave();
      throw error;
    }
  }

  /** Where one step ends and the next begins; null: there is no next. */
  #enter(step: ChannelStep | null): void {
    const nowNs = this.#request.clock.nowNs();
    const before = this.#steps.at(-1);
    if (before !== undefined) before.tookNs += nowNs - this.#stepStartNs;
    this.#stepStartNs = nowNs;
    if (step === null) return;
    this.#step = step;
    this.#steps.push({ step, exchanges: 0, sentBytes: 0, receivedBytes: 0, cardNs: 0, tookNs: 0 });
  }

  #count(command: Uint8Array, exchange: Exchange | ProtectedExchange): void {
    const step = this.#steps.at(-1);
    if (step === undefined) return;
    const wire = 'wire' in exchange ? exchange.wire : null;
    step.exchanges += wire?.exchanges ?? 1;
    step.sentBytes += wire?.sentBytes ?? command.length;
    step.receivedBytes += wire?.receivedBytes ?? exchange.response.length;
    step.cardNs += exchange.endNs - exchange.startNs;
  }

  /** Without a terminal's keys only this mapping tells a card from its copy. */
  get #preferred(): Mapping | null {
    return this.#request.mapping ?? (this.#request.terminal === null ? 'CAM' : null);
  }

  async #cardAccess(): Promise<readonly SecurityInfo[]> {
    this.#enter('EF.CardAccess');
    // A card that knows no such SELECT may have the MF selected all the same: reading says it.
    await this.#send(SELECT_MF);
    const content = await this.#read(EF_CARD_ACCESS);
    if (content === null) throw new ChannelFailure('not-offered', 'the card has no PACE: there is no EF.CardAccess');
    return parsed(EF_CARD_ACCESS, content);
  }

  async #pace(pace: ChosenPace): Promise<PaceTerminal> {
    this.#enter('PACE');
    const { crypto, random, password, terminal, onKeys } = this.#request;
    return runPace(this.#send, {
      crypto,
      random,
      pace,
      password,
      chat: terminal?.chat ?? null,
      resume: this.#card instanceof ProtectedSession,
      onKeys: onKeys && ((keys) => onKeys('PACE', keys)),
    });
  }

  async #terminalAndChip(
    access: readonly SecurityInfo[],
    machine: PaceTerminal,
    terminal: TerminalKeys,
    session: ProtectedSession,
  ): Promise<Pick<ChannelAccount, 'terminal' | 'chip'>> {
    const { crypto, random, auxiliaryData = null, onKeys } = this.#request;
    // Terminal authentication signs the key that chip authentication uses, so that its curve must be known before.
    let chosen = chooseChipAuthentication(access);
    let security: CardSecurity | null = null;
    if (chosen === null) {
      security = await this.#cardSecurity(access);
      chosen = chooseChipAuthentication(security.infos);
    }
    if (chosen === null) throw noChipAuthentication();
    const ephemeral = randomKeyPair(crypto, random, chosen.curve);
    try {
      this.#enter('terminal authentication');
      const chain = await runTerminalAuthentication(this.#send, {
        crypto,
        terminal,
        authorities: machine.certificationAuthorities,
        chipEphemeralKey: machine.chipEphemeralKey,
        ephemeralPublicKey: ephemeral.publicKey,
        auxiliaryData,
      });
      await this.#work(session);
      security ??= await this.#cardSecurity(access);
      session.changeKeys(await this.#chip(chosen, security, ephemeral, onKeys));
      const authorization = parseAuthorization(terminal.chat);
      return {
        terminal: {
          name: referenceText(terminal.holderReference),
          chain,
          rights: authorization === null ? [] : rightsOf(authorization),
        },
        chip: { by: 'chip authentication', signer: security.signer },
      };
    } finally {
      ephemeral.privateKey.fill(0);
    }
  }

  async #work(session: ProtectedSession): Promise<void> {
    const { beforeChip } = this.#request;
    if (beforeChip === undefined) return;
    await beforeChip(session);
    await this.#send(SELECT_MF);
  }

  #chip(
    chosen: ChosenChipAuthentication,
    { infos }: CardSecurity,
    ephemeral: KeyPair,
    onKeys: ChannelRequest['onKeys'],
  ): ReturnType<typeof runChipAuthentication> {
    this.#enter('chip authentication');
    const publicKey = chipPublicKey(infos, chosen);
    return runChipAuthentication(this.#send, {
      ...chosen,
      crypto: this.#request.crypto,
      publicKey,
      ephemeral,
      onKeys: onKeys && ((keys) => onKeys('chip authentication', keys)),
    });
  }

  /** What the chip authentication mapping proved; null for another mapping. */
  async #mappedChip(
    { mapping, curve }: ChosenPace,
    access: readonly SecurityInfo[],
    machine: PaceTerminal,
  ): Promise<ChannelAccount['chip']> {
    if (mapping !== 'CAM') return null;
    const { infos, signer } = await this.#cardSecurity(access);
    const proven = infos.some(
      (info) =>
        info.kind === 'chip-authentication-public-key' &&
        info.curve === curve &&
        provesStaticKey(
          this.#request.crypto,
          curve,
          machine.chipAuthenticationData,
          info.publicKey,
          machine.chipMappingKey,
        ),
    );
    if (proven) return { by: 'chip authentication mapping', signer };
    throw new ChannelFailure(
      'not-genuine',
      'the card does not prove the key of EF.CardSecurity, so it may be a copy: the chip authentication data are of another key',
    );
  }

  async #cardSecurity(access: readonly SecurityInfo[]): Promise<CardSecurity> {
    this.#enter('EF.CardSecurity');
    const content = await this.#read(EF_CARD_SECURITY);
    if (content === null) {
      throw new ChannelFailure('not-genuine', 'the card has no EF.CardSecurity, so nothing vouches for its key');
    }
    const security = await this.#request.readCardSecurity(content);
    // What was read in clear may have been changed on the way, to a weaker PACE for example.
    if (!access.filter(({ kind }) => kind === 'pace').every((info) => hasPace(security.infos, info))) {
      throw new ChannelFailure(
        'not-genuine',
        'EF.CardAccess offers a PACE that the signed EF.CardSecurity does not have',
      );
    }
    return security;
  }

  #read(file: SecurityFile): Promise<Uint8Array | null> {
    return readSecurityFile(this.#send, file);
  }

  readonly #send = (command: Uint8Array): Promise<CardAnswer> =>
    wholeAnswer(async (apdu) => {
      const { signal, onExchange } = this.#request;
      signal?.throwIfAborted();
      const exchange = await this.#session.transmit(apdu);
      this.#count(apdu, exchange);
      onExchange?.(this.#step, apdu, exchange);
      return exchange.response;
    }, command);
}

/** A new channel takes the place of the one that it was opened in. */
function below(card: CardSession): CardSession {
  return card instanceof ProtectedSession ? card.card : card;
}

function parsed({ name }: SecurityFile, content: Uint8Array): readonly SecurityInfo[] {
  try {
    return parseSecurityInfos(content);
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    throw new ChannelFailure('damaged', `${name} cannot be read: ${error.message}`, { cause: error });
  }
}

function hasPace(infos: readonly SecurityInfo[], wanted: SecurityInfo): boolean {
  return (
    wanted.kind === 'pace' &&
    infos.some(
      (info) =>
        info.kind === 'pace' &&
        sameBytes(info.oid, wanted.oid) &&
        info.version === wanted.version &&
        info.parameterId === wanted.parameterId,
    )
  );
}

function noChipAuthentication(): ChannelFailure {
  return new ChannelFailure(
    'not-offered',
    'the card has no chip authentication version 2 that is built here, without which terminal authentication ends nowhere',
  );
}
