import { fstatSync } from 'node:fs';
import type { CommandIo } from '../../console/io.ts';
import type { ServedAt } from '../../web/server.ts';

/**
 * The address of the page as it is printed at a start: with an operator's secret of this start, but not into the journal of
 * systemd, which others of the machine may read. Whoever opens it without the secret is asked for a token.
 */
export function printedAddress(at: ServedAt, { env }: Pick<CommandIo, 'env'>): string {
  return goesToJournal(env.JOURNAL_STREAM) ? `${at.origin}/` : at.pageAddress();
}

/** systemd says device and inode of the stream; a program that was started by a service may write elsewhere. */
function goesToJournal(stream: string | undefined): boolean {
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(1, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    return true;
  }
}
