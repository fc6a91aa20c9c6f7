import { KEY_USE } from '../../../src/applet/image/layout.ts';
import { KeyStore } from '../../../src/applet/keys/key-store.ts';
import { openMemory } from '../../../src/applet/nvm/open-memory.ts';
import type { Crypto } from '../../../src/hal/crypto.ts';
import { MemoryNvm } from '../../../src/hal/nvm/memory.ts';
import { systemRandom } from '../../../src/hal/system/random.ts';
import {
  type AuthenticationTemplate,
  ChannelError,
  type ChipKey,
  PASSWORD,
  type PaceOffer,
  type PaceProtocol,
  type PasswordName,
  paceProtocol,
  parseCertificate,
  parseSecurityInfos,
  passwordName,
  rootTrustPoint,
  singleByte,
  standardizedParameters,
  type TrustState,
} from '../../../src/secure-channel/index.ts';
import type { CardSource } from '../../card/card-source.ts';
import { freshImage, profileNamed, readImage } from '../../card/open.ts';
import { type ChannelChoice, NO_CHANNEL, type PaceCode } from '../../channel/choice.ts';
import { readCredentials } from '../../channel/credentials.ts';
import { CannotRun } from '../../console/failure.ts';
import type { CommandIo } from '../../console/io.ts';
import { testRoot } from '../../pki/test-hierarchy.ts';
import { type OpenedCount, openedWith, plainOnly } from '../../trace/inside-channel.ts';
import type { TraceEvent } from '../../trace/model.ts';
import type { TraceSource } from '../../trace/stream.ts';
import { hexOf } from './hex-template.ts';
import { PlayedChannel } from './played-channel.ts';
import type { RecordedSession } from './recorded-session.ts';
import type { ReplaySource } from './steps.ts';

/** What plays the chip of a recorded session. */
export interface PlayedChip {
  readonly channel: PlayedChannel;
  readonly warnings: readonly string[];
  /** Overwrites codes and keys. */
  wipe(): void;
}

export interface PlayedChipOptions {
  readonly trace: string;
  /** File of the session keys of the trace; absent: no channel is played. */
  readonly keys?: string | null;
  readonly channel?: ChannelChoice;
  /** Whose private keys and trust points the chip has; absent: nobody's. */
  readonly card?: CardSource | null;
}

/** With its session keys the plain conversation, in which what was protected is marked. @throws {CannotRun} no such keys */
export async function playedSource(
  source: TraceSource,
  keys: string | null,
  count: OpenedCount,
): Promise<ReplaySource> {
  if (keys === null) return source;
  const opened = await openedWith(source, keys, count);
  const protectedOnes = new WeakSet<TraceEvent>();
  return { header: source.header, events: () => plainOnly(opened.events(), protectedOnes), protectedOnes };
}

/** A run of PACE in the trace. */
interface RecordedRun {
  readonly index: number;
  readonly template: AuthenticationTemplate;
}

/**
 * The chip of a recorded session: it offers what its EF.CardAccess says, knows the codes that its runs of PACE had, and
 * has the keys of a profile where one is named.
 * @returns null: without session keys no channel is played
 * @throws {CannotRun} nothing to play, or a code is missing; {UsageError}, {ProfileError}
 */
export async function openPlayedChip(
  { trace, keys, channel = NO_CHANNEL, card = null }: PlayedChipOptions,
  session: RecordedSession | null,
  io: CommandIo,
): Promise<PlayedChip | null> {
  if (keys == null) return null;
  const runs = session === null ? [] : runsOf(session);
  if (session === null || runs.length === 0) {
    throw new CannotRun(`${trace} opens no channel with PACE, so that there is none to play`);
  }
  const { nobleCrypto } = await import('../../../src/hal/noble/index.ts');
  const crypto = nobleCrypto();
  const passwords = await readPasswords(runs, channel, io, crypto);
  let chip: ChipSecrets = { keys: [], trust: testTrust(crypto) };
  const wipe = (): void => {
    for (const password of passwords.values()) password.fill(0);
    for (const { privateKey } of chip.keys) privateKey.fill(0);
  };
  try {
    if (card !== null) chip = await secretsOf(card, chip.trust);
    const chipKeys = chip.keys.filter((key) => isShown(key, session, crypto));
    const offers = paceOffers(session, runs, chipKeys);
    if (offers.length === 0) throw new CannotRun(`the EF.CardAccess of ${trace} has no PACE that is built here`);
    const played = new PlayedChannel({ crypto, random: systemRandom, offers, passwords, chipKeys, trust: chip.trust });
    return {
      channel: played,
      warnings: card === null ? [] : keyWarnings(profileNamed(card), chip.keys.length, chipKeys.length),
      wipe: () => {
        played.reset();
        wipe();
      },
    };
  } catch (error) {
    wipe();
    throw error;
  }
}

function runsOf({ exchanges }: RecordedSession): RecordedRun[] {
  return exchanges.flatMap(({ index, step }) => (step?.kind === 'pace' ? [{ index, template: step.template }] : []));
}

/**
 * By reference, the code that the options name, and for other runs of the trace (the PIN after the CAN) the variables
 * of theirs.
 */
async function readPasswords(
  runs: readonly RecordedRun[],
  choice: ChannelChoice,
  io: CommandIo,
  crypto: Crypto,
): Promise<Map<number, Uint8Array>> {
  const passwords = new Map<number, Uint8Array>();
  const read = async (wanted: ChannelChoice): Promise<void> => {
    const given = await readCredentials({ ...wanted, terminalKeys: null }, io, crypto, false);
    if (given !== null) passwords.set(PASSWORD[given.password.name], given.password.bytes);
  };
  await read(choice);
  for (const { index, template } of runs) {
    const reference = singleByte(template.publicKeyReference) ?? 0;
    const name = passwordName(reference);
    if (name === null || passwords.has(reference)) continue;
    if ((io.env[`VITAP_${name}`] ?? '') !== '') await read({ ...NO_CHANNEL, code: codeOf(name) });
    if (passwords.has(reference)) continue;
    for (const password of passwords.values()) password.fill(0);
    const option = name === 'CAN' ? '--can-file FILE' : `--channel ${codeOf(name)}`;
    throw new CannotRun(
      `exchange ${index} opens a channel with the ${name}, which is needed: ${option} or VITAP_${name}`,
    );
  }
  return passwords;
}

function codeOf(name: PasswordName): PaceCode {
  return name.toLowerCase() as PaceCode;
}

interface ChipSecrets {
  readonly keys: readonly ChipKey[];
  readonly trust: TrustState;
}

/** Whoever recorded a shipped card has its root; its key is for tests and known to everyone. */
function testTrust(crypto: Crypto): TrustState {
  const root = rootTrustPoint(crypto, parseCertificate(testRoot(crypto).certificate));
  return 'reason' in root ? { trustPoints: [], date: 0 } : { trustPoints: [root], date: root.effectiveDate };
}

async function secretsOf(card: CardSource, otherwise: TrustState): Promise<ChipSecrets> {
  const image = await freshImage(card);
  const nvm = new MemoryNvm(image);
  const { keys, trust } = readImage(nvm, profileNamed(card));
  const store = new KeyStore(openMemory(nvm), keys, trust);
  const ofChip = store.all.flatMap((key): ChipKey | readonly ChipKey[] => {
    const { algorithm, reference, ciphers, uses } = key;
    if ((uses & KEY_USE.CHIP_AUTHENTICATION) === 0 || algorithm.kind !== 'ec') return [];
    const privateKey = store.value(key);
    return privateKey === null ? [] : { keyId: reference, curve: algorithm.curve, privateKey, ciphers };
  });
  const trusted = store.trust() ?? otherwise;
  image.fill(0);
  return { keys: ofChip, trust: trusted };
}

function keyWarnings(profile: string, all: number, used: number): string[] {
  if (all === 0) return [`${profile} has no private key for chip authentication`];
  return used < all ? [`${profile} has a private key that is not that of the recorded card: it is not used`] : [];
}

/** Whether the recorded EF.CardSecurity has the public half; a trace without that file says nothing against it. */
function isShown({ curve, privateKey }: ChipKey, { cardSecurity }: RecordedSession, crypto: Crypto): boolean {
  return cardSecurity.length === 0 || hexOf(cardSecurity).includes(hexOf(crypto.publicKey(curve, privateKey)));
}

/** As EF.CardAccess has them; where the terminal did not read it, what it asked for. */
function paceOffers(
  { cardAccess }: RecordedSession,
  runs: readonly RecordedRun[],
  chipKeys: readonly ChipKey[],
): readonly PaceOffer[] {
  const named = runs.flatMap(({ template }) => {
    const protocol = template.protocol === undefined ? null : paceProtocol(template.protocol);
    return { protocol, parameterId: singleByte(template.privateKeyReference) };
  });
  const offered = cardAccess.length === 0 ? named : infosOf(cardAccess);
  return offered.flatMap(({ protocol, parameterId }) => offerOf(protocol, parameterId, chipKeys));
}

function infosOf(cardAccess: Uint8Array): readonly { protocol: PaceProtocol | null; parameterId: number | null }[] {
  try {
    return parseSecurityInfos(cardAccess).flatMap((info) => (info.kind === 'pace' ? [info] : []));
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    throw new CannotRun(`the EF.CardAccess of the trace cannot be read: ${error.message}`, { cause: error });
  }
}

function offerOf(
  protocol: PaceProtocol | null,
  parameterId: number | null,
  chipKeys: readonly ChipKey[],
): readonly PaceOffer[] {
  const parameters = parameterId === null ? null : standardizedParameters(parameterId);
  if (protocol === null || parameterId === null || parameters === null) return [];
  if (protocol.mapping === 'GM') return [{ ...protocol, parameterId }];
  const key = chipKeys.find(({ curve }) => curve === parameters.curve);
  return key === undefined ? [] : [{ ...protocol, parameterId, staticKey: key.privateKey }];
}
