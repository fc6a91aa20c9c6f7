import { FileNvm } from '../../../src/hal/nvm/file.ts';

/*
 * Opens the image named by the first argument, flushes change after change for ever, and closes and opens it between
 * them: whatever moment it is killed at, it is doing something with the file.
 */
const path = process.argv[2] as string;
process.stdout.write('ready\n');
for (;;) {
  const nvm = FileNvm.open(path);
  for (let i = 0; i < 3; i++) {
    const counter = new Uint8Array(nvm.size);
    nvm.read(0, counter, 0, counter.length);
    counter.fill(((counter[0] as number) + 1) & 0xff);
    nvm.write(0, counter, 0, counter.length);
    nvm.flush();
  }
  nvm.close();
}
