import { join } from 'node:path';
import { makeFolder } from '../../console/make-folder.ts';
import { TraceWriter } from '../../trace/writer.ts';
import type { Figures, TapDetail } from './result.ts';
import type { RecordedTap } from './run.ts';
import type { TapSource } from './source.ts';

export interface TraceFolder {
  readonly folder: string;
  readonly keepSecrets: boolean;
  readonly source: TapSource;
  /** ISO 8601. */
  readonly startedAt: string;
}

/**
 * Writes a trace of the slowest tap and of each outlier, with secrets masked.
 * @returns the figures, with the names of the files
 * @throws {HalError} `storage`
 */
export async function writeOutlierTraces(
  figures: Figures,
  taps: readonly RecordedTap[],
  traces: TraceFolder,
): Promise<Figures> {
  makeFolder(traces.folder);
  const written = new Map<number, string | null>();
  for (const { sample } of [figures.slowest, ...figures.outliers]) {
    if (written.has(sample.index)) continue;
    const tap = taps.find(({ index }) => index === sample.index);
    written.set(sample.index, tap === undefined ? null : await writeTrace(tap, traces));
  }
  const named = (detail: TapDetail): TapDetail => ({ ...detail, trace: written.get(detail.sample.index) ?? null });
  return { ...figures, slowest: named(figures.slowest), outliers: figures.outliers.map(named) };
}

/** @returns the file, or null for a tap whose bytes were not kept */
async function writeTrace(
  tap: RecordedTap,
  { folder, keepSecrets, source, startedAt }: TraceFolder,
): Promise<string | null> {
  const { bytes, exchanges, startNs, activatedNs } = tap;
  if (bytes === null) return null;
  const path = join(folder, `tap-${tap.index}.jsonl`);
  const description = {
    source: 'vitap bench tap',
    backend: source.backend,
    reader: source.reader,
    card: source.card,
    atr: bytes.atr,
    startedAt,
  };
  const writer = await TraceWriter.create(path, description, { keepSecrets, originNs: startNs });
  writer.power('on', activatedNs ?? startNs, bytes.atr);
  for (const [i, { command, response }] of bytes.apdus.entries()) {
    const exchange = exchanges[i];
    if (exchange === undefined) break;
    writer.command(command, exchange.startNs);
    writer.response(response, exchange.endNs);
  }
  await writer.close();
  return path;
}
