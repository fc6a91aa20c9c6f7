import { systemClock } from '../../../src/hal/system/clock.ts';
import { needsCard } from '../../endpoint/reader-and-card.ts';
import { readerDriver } from '../../endpoint/readers.ts';
import { LoopbackSource } from './loopback-source.ts';
import { MeteredLines } from './meter.ts';
import type { BenchTapOptions } from './options.ts';
import { Pn532Source } from './pn532-source.ts';
import { ReaderSource } from './reader-source.ts';
import type { TapSource } from './source.ts';

/**
 * The reader that the command line names, with what is measured on the way to it: the card in process, the chip of a
 * bare PN532, or any other reader from outside.
 * @param code of a card in process, typed on its phone before each tap; null for none
 * @throws {CannotRun} {HalError} it is not there; the reason of the signal
 */
export async function openSource(
  options: BenchTapOptions,
  code: Uint8Array | null,
  signal: AbortSignal,
): Promise<TapSource> {
  const { reader, card, timeoutMs, air } = options;
  const clock = systemClock;
  const driver = readerDriver(reader);
  if (driver.open === undefined) {
    if (card === null) throw needsCard(reader);
    return LoopbackSource.open({ card, interface: options.interface, code, clock });
  }
  if (driver.chip === undefined) {
    const opened = await driver.open(reader, { exclusive: false, signal });
    return new ReaderSource({ ...opened, driver, clock, timeoutMs });
  }
  let lines: MeteredLines | null = null;
  const chip = await driver.chip(reader, (ports) => {
    lines = new MeteredLines(ports, clock);
    return lines;
  });
  const metered = lines as MeteredLines | null;
  const meter = metered === null ? null : () => metered.take();
  return Pn532Source.open({ ...chip, clock, meter, rate: air, timeoutMs });
}
