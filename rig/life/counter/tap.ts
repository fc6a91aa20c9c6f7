import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { atTheReader, type CounterReader } from './at-the-reader.ts';
import { readContent } from './card-content.ts';
import { readingOfCard } from './from-card.ts';
import { readingInWords } from './presentation.ts';
import { type CounterReading, isRefused, masked, withoutPeople } from './reading.ts';
import type { CounterTrust } from './trust.ts';

export interface CounterTapOptions extends CounterReader {
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
export async function counterTap(
  options: CounterTapOptions,
  trust: CounterTrust | null,
  io: CommandIo,
): Promise<ExitCode> {
  const read = await atTheReader('vitap counter tap', options, io, async ({ terminal, account }) => ({
    content: await readContent(terminal, options),
    account,
  }));
  const at = new Date();
  const rightsOn = options.rightsOn ?? dayOf(at);
  const reading = await readingOfCard(read.content, read.account, { at, rightsOn }, trust, nobleCrypto());
  return tellReading(reading, options.show, io);
}

/** Shows a reading: whole, masked, or of somebody refused without the people. */
export function tellReading(reading: CounterReading, show: boolean, io: CommandIo): ExitCode {
  const refused = isRefused(reading);
  const told = refused ? withoutPeople(reading) : show ? reading : masked(reading);
  if (io.json) writeJson(io, told);
  else io.stdout(readingInWords(told));
  for (const warning of told.warnings) io.stderr(`${warning}\n`);
  return refused ? EXIT.fail : EXIT.pass;
}

/** The day here, AAAAMMJJ. */
export function dayOf(at: Date): string {
  const two = (value: number): string => `${value}`.padStart(2, '0');
  return `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`;
}
