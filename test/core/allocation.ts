import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { fromHex } from '../../src/apdu/hex.ts';
import { AID_A, boot, CODE, selectName } from '../applet/bench-card.ts';

/** Run by allocation.test.ts: repeats one command and reports what it cost in memory. */
const [, , name = '', countText = '1000'] = process.argv;
const count = Number(countText);
const COMMANDS: Readonly<Record<string, string>> = {
  'SELECT by name': selectName(AID_A),
  'SELECT an EF': '00A4020002E00100',
  'READ RECORD': '00B2010C00',
  'READ BINARY': '00B0850000',
  'refused READ RECORD': '00B2012400',
  VERIFY: `0020008104${CODE}`,
  'a leak of 16 bytes': '00B2010C00',
};

const { port, send } = boot();
send(selectName(AID_A));
if (name === 'READ BINARY') send(`0020008104${CODE}`);
const command = fromHex(COMMANDS[name] ?? '');
const leaks = name === 'a leak of 16 bytes';
const leaked: object[] = [];

function repeat(times: number): number {
  let length = 0;
  for (let i = 0; i < times; i++) {
    length = port.process(command, 0, command.length);
    if (leaks) leaked.push({});
  }
  return length;
}

repeat(50_000); // until the optimising compiler is done
let collections = 0;
const observer = new PerformanceObserver((list) => {
  collections += list.getEntries().length;
});
// The compiler and the two collections must be over before anything counts.
(globalThis as { gc?: () => void }).gc?.();
await wait(50);
repeat(50_000);
(globalThis as { gc?: () => void }).gc?.();
await wait(50);
observer.observe({ entryTypes: ['gc'] });
const before = process.memoryUsage().heapUsed;
const length = repeat(count);
const after = process.memoryUsage().heapUsed;
await wait(50);
observer.disconnect();

const sw = ((port.response[length - 2] as number) << 8) | (port.response[length - 1] as number);
process.stdout.write(
  JSON.stringify({ bytesPerCommand: (after - before) / count, collections, status: sw.toString(16).toUpperCase() }),
);
