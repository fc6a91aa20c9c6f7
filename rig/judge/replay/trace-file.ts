import { UsageError } from '../../console/failure.ts';
import { IMPORTERS } from '../../trace/formats/index.ts';
import { type OpenTrace, openTrace } from '../../trace/open-trace.ts';

/**
 * A trace that a person named.
 * @param from as typed after `--from`; null: guess
 * @throws {UsageError} there is no such format; and as {@link openTrace}
 */
export function openTraceFile(path: string, from: string | null): Promise<OpenTrace> {
  if (from !== null && !IMPORTERS.some(({ name }) => name === from)) {
    throw new UsageError(`--from ${from}: that format is not read (see: vitap convert --list)`);
  }
  return openTrace(path, from);
}
