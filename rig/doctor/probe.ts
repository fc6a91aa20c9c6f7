/** What the doctor does in a process of its own: a native module may crash it, hang it, or never let it end. */

import { openPcsc } from '../../src/hal/drivers/open-pcsc.ts';
import { loadNfcPcsc } from '../../src/hal/pcsc/binding.ts';
import { loadWinscard } from '../../src/hal/pcsc-ffi/winscard.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import type { ProbedReader } from './checks/pcsc.ts';
import { measureVpcdDelay } from './vpcd-delay.ts';

async function listReaders(): Promise<readonly ProbedReader[]> {
  const reader = await openPcsc('shared');
  const readers = await reader.list();
  return readers.map(({ name, cardPresent, atr }) => {
    return { name, cardPresent, atr: atr === null ? null : Buffer.from(atr).toString('hex').toUpperCase() };
  });
}

async function probe(name: string | undefined): Promise<unknown> {
  switch (name) {
    case 'load':
      await loadNfcPcsc();
      return true;
    case 'load-ffi':
      await loadWinscard();
      return true;
    case 'readers':
      return listReaders();
    case 'vpcd-delay':
      return measureVpcdDelay(await openPcsc('shared'), systemClock);
    default:
      throw new Error(`no probe is called ${name}`);
  }
}

probe(process.argv[2]).then(
  (found) => end(process.stdout, JSON.stringify(found), 0),
  (error: unknown) => end(process.stderr, error instanceof Error ? error.message : String(error), 1),
);

/** Ends at once: an orderly end of PC/SC takes time that nobody here needs, and the parent reads what was written. */
function end(stream: NodeJS.WriteStream, text: string, exitCode: number): void {
  stream.write(`${text}\n`, () => process.exit(exitCode));
}
