import { expect, it } from 'vitest';
import { repeatedWalk } from '../../../rig/measure/trace-replay.ts';

it('a walk is repeated command by command, and its clock goes on', async () => {
  const once: string[] = [];
  for await (const event of (await repeatedWalk(24)).events()) if ('apdu' in event) once.push(event.apdu);
  expect(once).toHaveLength(48);

  const events: { type: string; t: number; apdu: string }[] = [];
  for await (const event of (await repeatedWalk(60)).events()) {
    if (event.type === 'command' || event.type === 'response') events.push(event);
  }
  expect(events.map(({ type }) => type)).toEqual(Array.from({ length: 60 }, () => ['command', 'response']).flat());
  expect(events.map(({ apdu }) => apdu)).toEqual([...once, ...once, ...once].slice(0, 120));
  expect(events.every(({ t }, i) => i === 0 || t > events[i - 1]!.t)).toBe(true);
});
