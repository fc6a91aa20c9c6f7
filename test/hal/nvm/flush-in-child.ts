import { FileNvm } from '../../../src/hal/nvm/file.ts';

/*
 * Opens the image named by the first argument, changes its first byte, flushes, and prints as JSON what came of it.
 * A process of its own: its limits are not the tests'.
 */
const path = process.argv[2] as string;
const nvm = FileNvm.open(path);
const before = nvm.readByte(0);
nvm.write(0, Uint8Array.of(before ^ 0xff), 0, 1);
const change = attempt(() => nvm.flush());
const again = attempt(() => nvm.flush());
const close = attempt(() => nvm.close());
console.log(JSON.stringify({ flush: change, again, close }));

function attempt(action: () => void): unknown {
  try {
    action();
    return 'done';
  } catch (error) {
    const { kind, message } = error as { kind?: string; message: string };
    return { kind, message };
  }
}
