import { HalError } from '../errors.ts';
import { cureOf } from '../system/installation.ts';

/**
 * The package has a native part: it loads when something is opened. Apart from the drivers, so that whoever uses their
 * types need not have the package's.
 * @throws {HalError} `unsupported` when the optional package is missing or does not fit
 */
export async function loadSerialPort(): Promise<typeof import('serialport')> {
  try {
    return await import('serialport');
  } catch (error) {
    const cure = cureOf({ is: 'unfit', name: '@serialport/bindings-cpp' });
    const words = `serial ports need the package serialport, which is not installed or does not fit: run \`${cure}\``;
    throw new HalError('unsupported', words, { cause: error });
  }
}
