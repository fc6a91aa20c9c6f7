import type { Mask, TraceEvent, TraceHeader } from '../../../../rig/trace/model.ts';
import { importedHeader, type TraceSource } from '../../../../rig/trace/stream.ts';

/** One exchange as a test writes it: hex with spaces, `XX` for masked bytes (of a code in commands, else of a NIR). */
export type Pair = readonly [command: string, answer: string];

export const SECOND = 1_000_000_000;

/** A session: exchanges that take a millisecond each, one every second, with power between them where a word says so. */
export function eventsOf(steps: readonly (Pair | 'reset' | 'off' | 'on')[]): TraceEvent[] {
  const events: TraceEvent[] = [];
  let t = 0;
  for (const step of steps) {
    if (typeof step === 'string') {
      events.push({ type: 'power', t, state: step });
      continue;
    }
    const [command, answer] = step.map((hex) => hex.replace(/\s+/g, '')) as [string, string];
    events.push({ type: 'command', t, apdu: command, ...masksOf(command, 'code') });
    if (answer !== '') events.push({ type: 'response', t: t + SECOND / 1000, apdu: answer, ...masksOf(answer, 'nir') });
    t += SECOND;
  }
  return events;
}

export function masksOf(hex: string, what: Mask['what']): { masks?: Mask[] } {
  const masks = [...hex.matchAll(/(?:XX)+/g)].map(({ index, 0: run }) => ({
    offset: index / 2,
    length: run.length / 2,
    what,
  }));
  return masks.length === 0 ? {} : { masks };
}

export function sourceOf(events: Iterable<TraceEvent>, header: Partial<TraceHeader> = {}): TraceSource {
  return {
    header: { ...importedHeader({ source: 'a test' }), ...header },
    async *events() {
      yield* events;
    },
  };
}

export function recorded(...steps: readonly (Pair | 'reset' | 'off' | 'on')[]): TraceSource {
  return sourceOf(eventsOf(steps));
}
