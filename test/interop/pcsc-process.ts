/**
 * Uses a PC/SC reader, closes it, and leaves its own end to Node: what pcsc-faults.test.ts runs as a process of its own.
 * Its arguments say how the reader is used, and by which driver.
 */
import { PcscReader } from '../../src/hal/pcsc/index.ts';
import { PcscFfiReader } from '../../src/hal/pcsc-ffi/index.ts';
import { systemClock } from '../../src/hal/system/clock.ts';

const reader =
  process.argv[3] === 'pcsc-ffi' ? new PcscFfiReader({ clock: systemClock }) : new PcscReader({ clock: systemClock });
switch (process.argv[2]) {
  case 'list':
    await reader.list();
    break;
  case 'tap': {
    const session = await reader.connect({ timeoutMs: 5000 });
    await session.transmit(Uint8Array.of(0x00, 0xe0, 0x00, 0x00));
    await session.disconnect();
    break;
  }
  case 'wait':
    await reader.connect({ reader: 'No Such Reader', timeoutMs: 100 }).catch(() => {});
    break;
}
await reader.close();
console.log('closed');
