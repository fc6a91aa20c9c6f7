import { systemClock } from '../../src/hal/system/clock.ts';
import { secrecyOf } from '../trace/pseudonyms.ts';
import { RecordedReader } from '../trace/record/recorded-reader.ts';
import type { RecordChoice } from '../trace/record-choice.ts';
import { TraceWriter } from '../trace/writer.ts';
import type { Verifier } from './flash-board.ts';

/** What reads boards back, and the trace of it. */
export interface RecordedVerifier {
  readonly verifier: Verifier | null;
  /** Finishes the trace. */
  close(): Promise<void>;
}

/** The same verifier; its sessions are written down when a trace is asked for. */
export async function recordedVerifier(
  verifier: Verifier | null,
  record: RecordChoice | undefined,
  backend: 'simulated' | 'hardware',
): Promise<RecordedVerifier> {
  if (verifier === null || record === undefined || record.file === null) return { verifier, close: async () => {} };
  const description = {
    source: 'vitap board flash',
    backend,
    reader: verifier.name,
    interface: 'contactless',
  } as const;
  const trace = await TraceWriter.create(record.file, description, secrecyOf(record));
  return {
    verifier: {
      name: verifier.name,
      open: async () => {
        const { reader, readerName } = await verifier.open();
        return { reader: new RecordedReader(reader, trace, systemClock), readerName };
      },
    },
    close: () => trace.close(),
  };
}
