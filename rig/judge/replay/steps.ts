import type { ChannelEvent } from '../../trace/inside-channel.ts';
import type { CommandEvent, PowerEvent, ResponseEvent, TraceEvent, TraceHeader } from '../../trace/model.ts';

/** A command and what answered it. */
export interface RecordedExchange {
  readonly type: 'exchange';
  /** From 1. */
  readonly index: number;
  readonly command: CommandEvent;
  /** null where the trace has none: it was cut off, or another command came first. */
  readonly response: ResponseEvent | null;
}

/** The card lost its power or was reset between two exchanges. */
export interface RecordedPower {
  readonly type: 'power';
  readonly state: PowerEvent['state'];
  readonly atr: string | null;
}

/** A response that no command stands before. */
export interface StrayResponse {
  readonly type: 'stray';
}

/** What follows went through a secure channel. */
interface RecordedChannel {
  readonly type: 'channel';
}

export type RecordedStep = RecordedExchange | RecordedPower | StrayResponse | RecordedChannel;

/** A trace as it is replayed: where its session keys were given, with the plain commands of its channels. */
export interface ReplaySource {
  readonly header: TraceHeader;
  events(): AsyncIterable<TraceEvent | ChannelEvent>;
  /** Commands that were protected on the wire; absent: their channels are not opened. */
  readonly protectedOnes?: WeakSet<TraceEvent>;
}

/** A session as steps: commands with their answers, and power. Frames and notes are passed over. */
export async function* stepsOf(
  events: AsyncIterable<TraceEvent | ChannelEvent> | Iterable<TraceEvent>,
): AsyncGenerator<RecordedStep, void, undefined> {
  let index = 0;
  let command: CommandEvent | null = null;
  let failure: { readonly error: unknown } | null = null;
  try {
    for await (const event of events) {
      if (event.type === 'response') {
        if (command === null) yield { type: 'stray' };
        else yield { type: 'exchange', index: ++index, command, response: event };
        command = null;
        continue;
      }
      if (event.type === 'block' || event.type === 'note') continue;
      if (command !== null) yield { type: 'exchange', index: ++index, command, response: null };
      command = null;
      if (event.type === 'command') command = event;
      else if (event.type === 'channel') yield { type: 'channel' };
      else if (event.type === 'power') yield { type: 'power', state: event.state, atr: event.atr ?? null };
      else yield { type: 'power', state: event.state, atr: null };
    }
  } catch (error) {
    failure = { error };
  }
  // In a trace that was cut off, everything before the fault is whole.
  if (command !== null) yield { type: 'exchange', index: ++index, command, response: null };
  if (failure !== null) throw failure.error;
}
