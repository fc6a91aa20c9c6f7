import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import type { CommandIo, ExitCode } from '../../console/io.ts';
import { atTheReader, type CounterReader } from './at-the-reader.ts';
import { readContent, readPresence } from './card-content.ts';
import { CounterFolder } from './counter-folder.ts';
import { activationUnknown, CounterFailure } from './failures.ts';
import { readingOfCard } from './from-card.ts';
import { type CounterReading, dayOf, isRefused, judged } from './reading.ts';
import { readingOfPresence } from './resolve-presence.ts';
import { withIssuers } from './signed-issuers.ts';
import { tellReading } from './tell-reading.ts';
import { loadTrust, type TrustChoice } from './trust-sources.ts';

export interface CounterTapOptions extends CounterReader, TrustChoice {
  /** Reads the presence string on the card and resolves it at the issuer, in the place of the people. */
  readonly presence: boolean;
  /** Folder of the counter; null: the station's own. */
  readonly counter: string | null;
  readonly invoices: boolean;
  /** AAAAMMJJ; null: today. */
  readonly rightsOn: string | null;
  /** Names, birth dates and NIRs are shown. */
  readonly show: boolean;
}

/**
 * `vitap counter tap`: who is here, are rights open, and what was checked.
 * @returns 0 read; 1 a check failed or the activation is revoked, and nobody is shown
 */
export async function counterTap(options: CounterTapOptions, io: CommandIo): Promise<ExitCode> {
  return tellReading(await readTap(options, io), options.show, io);
}

/** The reading of the card on the reader; of somebody who is refused without the people. */
export async function readTap(options: Omit<CounterTapOptions, 'show'>, io: CommandIo): Promise<CounterReading> {
  const crypto = nobleCrypto();
  const folder = CounterFolder.of(options.counter, io.env);
  if (options.presence) return presenceByNfc(options, folder, io);
  const read = await atTheReader('vitap counter tap', options, io, async ({ terminal, account }) => ({
    content: await readContent(terminal, options),
    account,
  }));
  const at = new Date();
  const time = { at, rightsOn: options.rightsOn ?? dayOf(at) };
  const { timeoutMs } = options;
  const { trust, warnings } = await loadTrust(options, { crypto, folder, signal: io.signal, timeoutMs });
  const reading = await readingOfCard(read.content, read.account, time, trust, crypto);
  const all = [...warnings, ...reading.warnings];
  // A card without a credential has no issuer who could have revoked it.
  const unknown = read.content.credential !== null && reading.activation.state === 'not checked';
  if (unknown && !options.acceptUnchecked && !isRefused(reading)) throw activationUnknown(all);
  return judged({ ...reading, warnings: all });
}

/** The string goes to the issuer, which tells what the holder agreed to. */
async function presenceByNfc(
  options: Omit<CounterTapOptions, 'show'>,
  folder: CounterFolder,
  io: CommandIo,
): Promise<CounterReading> {
  const { issuer: origin, timeoutMs } = options;
  if (origin === null) throw new CounterFailure('no-issuer');
  const presence = await atTheReader('vitap counter tap', options, io, ({ terminal }) => readPresence(terminal));
  const at = new Date();
  const time = { at, rightsOn: options.rightsOn ?? dayOf(at) };
  const reading = await withIssuers({ keys: options.channel.terminalKeys, timeoutMs }, io, (issuerAt) =>
    readingOfPresence(presence, 'presence by NFC', issuerAt(origin), origin, folder, time),
  );
  return judged(reading);
}
