import type { Pn532Port } from '../../src/hal/pn532/port.ts';
import type { Pn532Choice } from './choice.ts';

/** Where the PN532 is that the command line names. Nothing is opened yet. */
export async function pn532PortOf(choice: Pn532Choice): Promise<Pn532Port> {
  if (choice.driver === 'acr122') {
    const { Acr122Port } = await import('../../src/hal/acr122/index.ts');
    return new Acr122Port({ reader: choice.name });
  }
  const [{ HsuPort }, { SystemSerialPorts }, { systemPortFinder }] = await Promise.all([
    import('../../src/hal/pn532/hsu-port.ts'),
    import('../../src/hal/serial/serial-port.ts'),
    import('../../src/hal/serial/ports.ts'),
  ]);
  const baudRate = choice.baudRate === null ? {} : { baudRate: choice.baudRate };
  return new HsuPort({ opener: new SystemSerialPorts(), path: choice.path, finder: systemPortFinder, ...baudRate });
}

/** A board on a pseudo-terminal is a program, and so is all that it says. */
export async function backendOf(choice: Pn532Choice): Promise<'simulated' | 'hardware'> {
  if (choice.driver === 'acr122') return 'hardware';
  const { identifyBoard } = await import('./board-identity.ts');
  return identifyBoard(choice.path, []).backend;
}
