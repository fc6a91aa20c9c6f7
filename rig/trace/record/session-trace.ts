import type { CardSession } from '../../../src/hal/reader.ts';
import type { OpenedReader } from '../../endpoint/open-reader.ts';
import { secrecyOf } from '../pseudonyms.ts';
import type { RecordChoice } from '../record-choice.ts';
import { type TraceDescription, type TraceOptions, TraceWriter } from '../writer.ts';

type AboutSession = Pick<TraceDescription, 'backend' | 'reader' | 'driver' | 'interface' | 'atr' | 'card' | 'cardSeed'>;

/** What a trace says of a session at a reader; of the card itself only where it is ours. */
export function aboutSession({ own, reader, backendAt }: OpenedReader, session: CardSession): AboutSession {
  return {
    backend: backendAt(session.reader),
    reader: session.reader,
    driver: reader.driver,
    interface: own?.cardInterface ?? null,
    atr: session.atr,
    card: own?.opened.card.image.profile ?? null,
    cardSeed: own?.opened.seed ?? null,
  };
}

/**
 * Begins the trace of a session at a reader; null where none is wanted.
 * @param said what else is known; `source` is what writes it: `vitap tap`
 * @throws {HalError} `storage`
 */
export function traceSession(
  at: OpenedReader,
  session: CardSession,
  record: RecordChoice,
  said: Pick<TraceDescription, 'source'> & Partial<TraceDescription>,
  { originNs }: Pick<TraceOptions, 'originNs'> = {},
): Promise<TraceWriter> | null {
  if (record.file === null) return null;
  const options = { ...secrecyOf(record), ...(originNs === undefined ? {} : { originNs }) };
  return TraceWriter.create(record.file, { ...aboutSession(at, session), ...said }, options);
}
