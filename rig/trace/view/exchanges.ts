import type { CommandEvent, ResponseEvent, TraceEvent } from '../model.ts';

/** A command and what answered it; null: nothing did. */
export interface Exchange {
  /** From 1. */
  readonly number: number;
  readonly command: CommandEvent;
  readonly response: ResponseEvent | null;
}

/** The exchanges of a trace in their order. Answers without a command are passed over. */
export async function* exchangesOf(events: AsyncIterable<TraceEvent>): AsyncGenerator<Exchange, void, undefined> {
  let command: CommandEvent | null = null;
  let number = 0;
  for await (const event of events) {
    if (event.type === 'command') {
      if (command !== null) yield { number: ++number, command, response: null };
      command = event;
    } else if (event.type === 'response' && command !== null) {
      yield { number: ++number, command, response: event };
      command = null;
    } else if (event.type === 'power' && command !== null) {
      yield { number: ++number, command, response: null };
      command = null;
    }
  }
  if (command !== null) yield { number: ++number, command, response: null };
}
