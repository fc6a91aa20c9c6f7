import { HalError, type HalErrorKind } from '../../../src/hal/errors.ts';
import { readerDriver } from '../../endpoint/readers.ts';
import { counted } from '../../report/words.ts';
import type { LocalDevice } from './devices.ts';

/**
 * The way to a card that died at this bench: the card was taken off, the reader unplugged, the line to a board dead, the
 * PC/SC service gone. That says nothing of the card, so the run is given back for another attempt.
 */

/** A silent card and a silent reader look alike: an answer that does not come counts here, and another bench shows which it was. */
const OF_THE_LINK: ReadonlySet<string> = new Set<HalErrorKind>([
  'no-service',
  'no-reader',
  'no-port',
  'reader-lost',
  'busy',
  'no-card',
  'card-removed',
  'timeout',
]);
const MOST_CAUSES = 8;

/** A run whose link died here, and that may have another attempt. */
export class LostLink extends Error {
  override readonly name = 'LostLink';
}

/** @param kind of a {@link HalError} */
export function isOfLink(kind: string): boolean {
  return OF_THE_LINK.has(kind);
}

/** What of the link is behind an error; null: it is about something else. */
export function linkErrorIn(error: unknown): HalError | null {
  let each: unknown = error;
  for (let i = 0; i < MOST_CAUSES && each instanceof Error; i++) {
    if (each instanceof HalError) return isOfLink(each.kind) ? each : null;
    each = each.cause;
  }
  return null;
}

/** Whether there is anything between the bench and a card: one in process fails by itself alone. */
export function hasLink({ reader }: Pick<LocalDevice, 'reader'>): boolean {
  return reader !== null && readerDriver(reader).ourCards !== 'in process';
}

/** What is known of a case of a suite. */
interface Ran {
  readonly id: string;
  readonly verdict: string;
  readonly linkError?: HalError;
}

/** Where the link died, and how far the suite had come; null: it did not. @param ended what ended the whole suite */
export function deathInWords(ran: readonly Ran[], ended: HalError | null): string | null {
  const at = ran.findIndex(({ linkError }) => linkError !== undefined && isOfLink(linkError.kind));
  const place = ran[at];
  const error = place?.linkError ?? ended;
  if (error === null) return null;
  const before = place === undefined ? ran : ran.slice(0, at);
  const count = (verdict: string): number => before.filter((each) => each.verdict === verdict).length;
  const where = place === undefined ? '' : ` in ${place.id}`;
  return `the link died${where} after ${counted(before.length, 'case')} (${count('pass')} passed, ${count('fail')} failed): ${error.message}`;
}
