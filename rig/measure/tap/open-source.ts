import { systemClock } from '../../../src/hal/system/clock.ts';
import { CannotRun } from '../../console/failure.ts';
import { LoopbackSource } from './loopback-source.ts';
import type { BenchTapOptions } from './options.ts';
import { isVirtualReader } from './pcsc-source.ts';
import { Pn532Source } from './pn532-source.ts';
import type { TapSource } from './source.ts';

/**
 * The reader that the command line names, with what is measured on the way to it.
 * @param code of a card in process, typed on its phone before each tap; null for none
 * @throws {CannotRun} {HalError} it is not there
 */
export async function openSource(options: BenchTapOptions, code: Uint8Array | null): Promise<TapSource> {
  const { reader, card, timeoutMs, air } = options;
  const clock = systemClock;
  switch (reader.driver) {
    case 'loopback':
      if (card === null) throw new CannotRun('a loopback reader has no card of its own');
      return LoopbackSource.open({ card, interface: options.interface, code, clock });
    case 'pcsc': {
      const [{ PcscReader }, { PcscSource }] = await Promise.all([
        import('../../../src/hal/pcsc/index.ts'),
        import('./pcsc-source.ts'),
      ]);
      return new PcscSource({ reader: new PcscReader({ clock }), name: reader.name, clock, timeoutMs });
    }
    case 'acr122': {
      const { pn532PortOf } = await import('../../endpoint/pn532-port.ts');
      const port = await pn532PortOf(reader);
      const backend = await backendOfPcsc(reader.name);
      return Pn532Source.open({ port, clock, backend, meter: null, rate: air, timeoutMs });
    }
    default: {
      const [{ HsuPort }, { SystemSerialPorts }, { systemPortFinder }, { MeteredLines }, { backendOf }] =
        await Promise.all([
          import('../../../src/hal/pn532/hsu-port.ts'),
          import('../../../src/hal/serial/serial-port.ts'),
          import('../../../src/hal/serial/ports.ts'),
          import('./meter.ts'),
          import('../../endpoint/pn532-port.ts'),
        ]);
      const lines = new MeteredLines(new SystemSerialPorts(), clock);
      const baudRate = reader.baudRate === null ? {} : { baudRate: reader.baudRate };
      const port = new HsuPort({ opener: lines, path: reader.path, finder: systemPortFinder, ...baudRate });
      const backend = await backendOf(reader);
      return Pn532Source.open({ port, clock, backend, meter: () => lines.take(), rate: air, timeoutMs });
    }
  }
}

/** A reader of vpcd's is a program, and so is the chip behind it. @param name a part of the reader's name */
async function backendOfPcsc(name: string): Promise<'simulated' | 'hardware'> {
  const { PcscReader } = await import('../../../src/hal/pcsc/index.ts');
  const reader = new PcscReader({ clock: systemClock });
  try {
    const readers = (await reader.list()).map((each) => each.name);
    const found = readers.find((each) => each === name) ?? readers.find((each) => each.includes(name));
    return found !== undefined && isVirtualReader(found) ? 'simulated' : 'hardware';
  } finally {
    await reader.close();
  }
}
