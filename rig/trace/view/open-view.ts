import { UsageError } from '../../console/failure.ts';
import { IMPORTERS } from '../formats/index.ts';
import { type OpenedCount, openedWith } from '../inside-channel.ts';
import { type OpenTrace, openTrace } from '../open-trace.ts';
import { redactedSource } from '../session-redactor.ts';
import type { TraceSource } from '../stream.ts';

/** What every verb takes that only looks at traces. */
export interface ViewOptions {
  /** Name of the format; null: by content. */
  readonly from: string | null;
  /** Which card, when the file holds several; from 1. */
  readonly card: number;
  readonly keepSecrets: boolean;
  /** File of the session keys; absent or null: what is protected stays closed. */
  readonly keys?: string | null;
}

export interface View {
  readonly source: TraceSource;
  readonly trace: OpenTrace;
  /** How much of what was protected could be opened; complete when the events have come to their end. */
  readonly opened: OpenedCount;
}

/**
 * Opens a trace to look at, masked unless secrets are to be kept.
 * @param key of the masks' hashes, where those of two traces are to be compared
 * @throws {UsageError} as {@link openTrace}
 */
export async function openView(file: string, options: ViewOptions, key?: Uint8Array): Promise<View> {
  const { from, card, keepSecrets, keys = null } = options;
  if (from !== null && !IMPORTERS.some(({ name }) => name === from)) {
    throw new UsageError(`--from ${from}: that format is not read (see: vitap convert --list)`);
  }
  const trace = await openTrace(file, from, card);
  const opened = { protected: 0, opened: 0 };
  try {
    const source = await openedWith(trace.source, keys, opened);
    return { trace, opened, source: keepSecrets ? source : redactedSource(source, key) };
  } catch (error) {
    await trace.close();
    throw error;
  }
}
